/** Starts the modules of one host type in the order of their dependencies, and stops them in reverse. */
import type { Logger } from '../../platform/log.js';
import type { Access } from '../access/access.js';
import type { Accounts } from '../accounts/accounts.js';
import type { Host } from '../hosts/host.js';
import type { StoreDefinition } from '../storage/index.js';
import type { Api, Uses } from './api.js';
import type { AnyModule } from './module.js';
import { Scope, type ShardServices } from './scope.js';

export interface ModuleRunnerOptions {
  readonly host: Host;
  readonly services: ShardServices;
  readonly accounts: Accounts;
  readonly access: Access;
  readonly log: Logger;
  /** Opens a store on the backend that the module's configuration names. */
  readonly openStore: (definition: StoreDefinition<unknown>, backend: string | undefined) => Promise<unknown>;
}

export class ModuleRunner {
  readonly #options: ModuleRunnerOptions;
  readonly #apis = new Map<string, unknown>();
  readonly #running: Scope<unknown, unknown, unknown>[] = [];

  constructor(options: ModuleRunnerOptions) {
    this.#options = options;
  }

  async start(modules: readonly AnyModule[]): Promise<void> {
    for (const module of startOrder(modules)) await this.#startOne(module);
  }

  stop(): void {
    for (const scope of this.#running.splice(0).reverse()) scope.stop();
  }

  async #startOne(module: AnyModule): Promise<void> {
    const { host, services, accounts, access, log, openStore } = this.#options;
    const config = (host.config.modules as Record<string, { backend?: string } | undefined>)[module.name] ?? {};
    const stores: Record<string, unknown> = {};
    for (const [name, definition] of Object.entries(module.stores ?? {}))
      stores[name] = await openStore(definition as StoreDefinition<unknown>, config.backend);

    const uses: Record<string, unknown> = {};
    for (const [name, api] of Object.entries((module.uses ?? {}) as Uses)) {
      uses[name] = this.#apis.get(api.module) ?? api.otherwise;
    }

    const provide = (api: Api<unknown>, implementation: unknown) => this.#apis.set(api.module, implementation);
    const scope = new Scope({
      host,
      config,
      stores,
      uses,
      log: log.child({ module: module.name }),
      accounts,
      access,
      services,
      provide,
    });
    this.#running.push(scope);
    for (const feature of module.features ?? []) scope.feature(feature);
    await module.start(scope);
  }
}

/** Dependencies first; the given order otherwise. A dependency that is missing or circular is named in the error. */
export function startOrder(modules: readonly AnyModule[]): AnyModule[] {
  const byName = new Map(modules.map((module) => [module.name as string, module]));
  const ordered: AnyModule[] = [];
  const visiting: string[] = [];

  const visit = (name: string, neededBy: string | undefined): void => {
    const module = byName.get(name);
    if (!module) throw new Error(`module ${neededBy} needs module ${name}, which is not enabled`);
    if (ordered.includes(module)) return;
    if (visiting.includes(name)) throw new Error(`modules need each other: ${[...visiting, name].join(' -> ')}`);
    visiting.push(name);
    for (const api of Object.values((module.uses ?? {}) as Uses)) {
      if (byName.has(api.module) || api.otherwise === undefined) visit(api.module, name);
    }
    visiting.pop();
    ordered.push(module);
  };
  for (const module of modules) visit(module.name, undefined);
  return ordered;
}
