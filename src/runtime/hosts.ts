/** Builds the host types of a shard: hooks, IQ tables, access rules, accounts and modules. */
import { authMethods } from '../auth/registry.js';
import { Access } from '../core/access/access.js';
import { Accounts } from '../core/accounts/accounts.js';
import { accountRegistered, accountRemoved } from '../core/accounts/hooks.js';
import { refuse } from '../core/hooks/hook.js';
import { HookTable } from '../core/hooks/hook-table.js';
import { order } from '../core/hooks/order.js';
import { Host, type Hosts } from '../core/hosts/host.js';
import { ModuleRunner } from '../core/module/module-runner.js';
import type { ShardServices } from '../core/module/scope.js';
import { IqTable } from '../core/routing/iq-table.js';
import { sessionOpening } from '../core/sessions/hooks.js';
import { modules } from '../modules/registry.js';
import type { HostTypeConfig } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import type { TaskRunner } from '../platform/workers.js';
import { StanzaError, StreamError } from '../protocol/errors.js';
import { Jid } from '../protocol/jid.js';
import type { ShardStorage } from './shard-storage.js';

export interface HostParts {
  readonly services: ShardServices;
  readonly storage: ShardStorage;
  readonly tasks: TaskRunner;
  readonly secret: Uint8Array;
  readonly log: Logger;
}

/** A host type at work. */
export interface RunningHost {
  readonly host: Host;
  readonly access: Access;
  readonly accounts: Accounts;
  readonly modules: ModuleRunner;
}

export function createHost(config: HostTypeConfig, hosts: Hosts, parts: HostParts): RunningHost {
  const { log } = parts;
  const hooks = new HookTable((hook, error) => log.error('hook.failed', { hook, error }));
  const iqs = new IqTable((request, error) => log.error('iq.failed', { request, error }));
  const host = new Host(config.name, config, hooks, iqs);
  hosts.add(host, config.domains);

  const accounts = createAccounts(host, parts);
  // The account may have been removed since the client logged in: a session of nobody must not come to be.
  hooks.on(sessionOpening, order.access, async ({ session }) =>
    (await accounts.exists(session.account.jid))
      ? undefined
      : refuse('the account does not exist', StanzaError.notAuthorized()),
  );
  const access = new Access(config.acl, config.access, {
    isCurrent: (domain) => hosts.serving(domain) === host,
    isHosted: (domain) => hosts.serving(domain) !== undefined,
  });
  const runner = new ModuleRunner({
    host,
    services: parts.services,
    accounts,
    access,
    log,
    openStore: (definition, backend) => parts.storage.open(definition, backend),
  });
  return { host, access, accounts, modules: runner };
}

/** The modules that the configuration enables, as the registry knows them. */
export function startModules({ host, modules: runner }: RunningHost): Promise<void> {
  return runner.start(modules.filter(({ name }) => name in host.config.modules));
}

function createAccounts(host: Host, { services, storage, tasks, secret }: HostParts): Accounts {
  return new Accounts({
    hostType: host.hostType,
    config: host.config.auth,
    definitions: authMethods,
    events: {
      registered: async (account) => void (await host.hooks.notify(accountRegistered, { account })),
      removed: async (account) => {
        // XEP-0077 section 3.2.
        const error = new StreamError('not-authorized', 'The account was removed');
        services.sessions.evictAll(account, error, 'account removed');
        await host.hooks.notify(accountRemoved, { account });
      },
    },
    tasks,
    secret,
    clock: services.clock,
    random: services.random,
    users: (method) => storage.users(method),
    isOnline: async ({ local, domain }) => services.isOnline(Jid.trusted(local, domain)),
  });
}
