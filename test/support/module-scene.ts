/** One host of one shard with modules at work, and people with sessions whose clients are lists of what they got. */
import type { Access } from '../../src/core/access/access.js';
import type { Accounts } from '../../src/core/accounts/accounts.js';
import { HookTable } from '../../src/core/hooks/hook-table.js';
import { Host, Hosts } from '../../src/core/hosts/host.js';
import type { AnyModule } from '../../src/core/module/module.js';
import { Scope, type ShardServices } from '../../src/core/module/scope.js';
import { IqTable } from '../../src/core/routing/iq-table.js';
import { Router } from '../../src/core/routing/router.js';
import type { Session } from '../../src/core/sessions/session.js';
import { Sessions } from '../../src/core/sessions/sessions.js';
import type { EnginePort } from '../../src/engine/port.js';
import type { HostTypeConfig } from '../../src/platform/config/index.js';
import { systemRandom } from '../../src/platform/random.js';
import { el } from '../../src/protocol/element.js';
import { Jid } from '../../src/protocol/jid.js';
import { Stanza } from '../../src/protocol/stanza.js';
import { FakeClock } from './fake-clock.js';
import { FakeLog } from './fake-log.js';

export interface Person {
  readonly session: Session;
  /** Names or types of what has come, in order. */
  readonly got: string[];
  sends(name: string, attrs?: Record<string, string>, ...children: string[]): void | Promise<void>;
}

export class ModuleScene {
  readonly log = new FakeLog();
  readonly #sessions = new Sessions(new FakeClock(), this.log);
  readonly #host: Host;
  readonly #router: Router;
  readonly #services: ShardServices;
  readonly #accounts: Accounts;

  /** `exists` answers whether an account is there. */
  constructor(exists: () => Promise<boolean>) {
    const hosts = new Hosts();
    const config = { domains: ['localhost'], general: {} } as unknown as HostTypeConfig;
    const failed = (what: string, error: unknown) => this.log.error('failed', { what, error });
    this.#host = new Host('localhost', config, new HookTable(failed), new IqTable(failed));
    hosts.add(this.#host, ['localhost']);
    const engine = {} as EnginePort;
    const { log } = this;
    const sessions = this.#sessions;
    this.#router = new Router({ shard: 0, shards: 1, engine, hosts, sessions, log, accountExists: exists });
    const clock = new FakeClock();
    this.#services = { clock, random: systemRandom, hosts, sessions, router: this.#router } as unknown as ShardServices;
    this.#accounts = { exists } as unknown as Accounts;
  }

  async start(module: AnyModule, config: object, stores: object): Promise<void> {
    const scope = new Scope({
      host: this.#host,
      config,
      stores,
      uses: {},
      log: this.log,
      accounts: this.#accounts,
      access: { value: () => 'infinity' } as unknown as Access,
      services: this.#services,
      provide: () => {},
    });
    await module.start(scope);
  }

  async enter(address: string): Promise<Person> {
    const jid = Jid.parse(address) as Jid;
    const got: string[] = [];
    const link = {
      deliver: ({ name, type }: Stanza) => void got.push(type === '' ? name : type),
      end() {},
      isClosed: false,
      address: { ip: '127.0.0.1', port: 1 },
      isSecure: false,
    };
    const session = (await this.#sessions.open({ jid, host: this.#host, link, maxSessions: 10 })) as Session;
    const sends: Person['sends'] = (name, { to, ...attrs } = {}, ...children) => {
      const content = children.map((child) => el(child, {}, 'text'));
      const element = el(name, { xmlns: 'jabber:client', ...attrs }, ...content);
      return this.#router.fromSession(
        session,
        Stanza.fromElement(element, to === undefined ? undefined : Jid.parse(to), jid),
      );
    };
    return { session, got, sends };
  }
}
