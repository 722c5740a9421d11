/** One host of one shard with modules at work, and people with sessions whose clients are lists of what they got. */
import type { Access } from '../../src/core/access/access.js';
import type { Accounts } from '../../src/core/accounts/accounts.js';
import { Commitments } from '../../src/core/commitments.js';
import { HookTable } from '../../src/core/hooks/hook-table.js';
import { Host, Hosts } from '../../src/core/hosts/host.js';
import type { Api } from '../../src/core/module/api.js';
import type { AnyModule } from '../../src/core/module/module.js';
import { Scope, type ShardServices } from '../../src/core/module/scope.js';
import { IqTable } from '../../src/core/routing/iq-table.js';
import { Router } from '../../src/core/routing/router.js';
import { sessionAvailable } from '../../src/core/sessions/hooks.js';
import type { Session } from '../../src/core/sessions/session.js';
import { Sessions } from '../../src/core/sessions/sessions.js';
import { ShardCalls } from '../../src/core/shards/shard-calls.js';
import type { EnginePort } from '../../src/engine/port.js';
import { SaxTokenizer } from '../../src/engine/portable/sax.js';
import { buildTree } from '../../src/engine/portable/tree.js';
import type { HostTypeConfig } from '../../src/platform/config/index.js';
import { systemRandom } from '../../src/platform/random.js';
import { type Element, el } from '../../src/protocol/element.js';
import { Jid } from '../../src/protocol/jid.js';
import { Stanza } from '../../src/protocol/stanza.js';
import { FakeClock } from './fake-clock.js';
import { FakeLog } from './fake-log.js';

export interface Person {
  readonly session: Session;
  /** Names or types of what has come, in order. */
  readonly got: string[];
  readonly stanzas: Stanza[];
  sends(name: string, attrs?: Record<string, string>, ...children: string[]): void | Promise<void>;
}

export class ModuleScene {
  readonly log = new FakeLog();
  readonly #sessions = new Sessions(new FakeClock(), this.log);
  readonly host: Host;
  readonly #router: Router;
  readonly #services: ShardServices;
  readonly #accounts: Accounts;
  readonly commitments = new Commitments((error) => this.log.error('failed', { what: 'commitment', error }));
  /** What the modules that were started before offer, by their names. */
  readonly #apis = new Map<string, unknown>();
  #sax: SaxTokenizer | undefined;

  readonly calls: ShardCalls;

  /** `exists` answers whether an account is there; `engine` leads to other shards. */
  constructor(exists: () => Promise<boolean>, { shard = 0, shards = 1, engine = {} as EnginePort } = {}) {
    const hosts = new Hosts();
    const config = { domains: ['localhost'], general: {} } as unknown as HostTypeConfig;
    const failed = (what: string, error: unknown) => this.log.error('failed', { what, error });
    this.host = new Host('localhost', config, new HookTable(failed), new IqTable(failed));
    hosts.add(this.host, ['localhost']);
    const { log } = this;
    const sessions = this.#sessions;
    this.#router = new Router({ shard, shards, engine, hosts, sessions, log, accountExists: exists });
    const clock = new FakeClock();
    this.calls = new ShardCalls(shard, engine, clock);
    const { calls, commitments } = this;
    const common = { clock, random: systemRandom, hosts, sessions, router: this.#router, calls, commitments };
    this.#services = {
      ...common,
      parse: this.#parse,
      jid: (text: string) => Jid.parse(text),
    } as unknown as ShardServices;
    this.#accounts = { exists } as unknown as Accounts;
  }

  /** What a module that was started offers to others. */
  api<T>({ module }: Api<T>): T {
    return this.#apis.get(module) as T;
  }

  async start(module: AnyModule, config: object, stores: Readonly<Record<string, unknown>>): Promise<void> {
    this.#sax ??= await SaxTokenizer.create();
    const scope = new Scope({
      host: this.host,
      config,
      stores,
      uses: Object.fromEntries(
        Object.entries<Api<unknown>>(module.uses ?? {}).map(([name, api]) => [
          name,
          this.#apis.get(api.module) ?? api.otherwise,
        ]),
      ),
      log: this.log,
      accounts: this.#accounts,
      access: { value: () => 'infinity' } as unknown as Access,
      services: this.#services,
      provide: ({ module: provider }, implementation) => this.#apis.set(provider, implementation),
    });
    await module.start(scope);
  }

  async enter(address: string): Promise<Person> {
    const jid = Jid.parse(address) as Jid;
    const got: string[] = [];
    const stanzas: Stanza[] = [];
    const link = {
      deliver: (stanza: Stanza) => {
        stanzas.push(stanza);
        got.push(stanza.type === '' ? stanza.name : stanza.type);
      },
      end() {},
      isClosed: false,
      address: { ip: '127.0.0.1', port: 1 },
      isSecure: false,
    };
    const session = (await this.#sessions.open({ jid, host: this.host, link, maxSessions: 10 })) as Session;
    const sends: Person['sends'] = (name, { to, ...attrs } = {}, ...children) => {
      const content = children.map((child) => el(child, {}, 'text'));
      const element = el(name, { xmlns: 'jabber:client', ...attrs }, ...content);
      return this.#router.fromSession(
        session,
        Stanza.fromElement(element, to === undefined ? undefined : Jid.parse(to), jid),
      );
    };
    return { session, got, stanzas, sends };
  }

  /** A request of a person about the own account. */
  asks({ session }: Person, type: 'get' | 'set', payload: Element): void | Promise<void> {
    const iq = el('iq', { xmlns: 'jabber:client', type, id: 'asked' }, payload);
    return this.#router.fromSession(session, Stanza.fromElement(iq, undefined, session.jid));
  }

  /** From another shard, where nobody waits for it. */
  arrives(name: string, { to, from, ...attrs }: Record<string, string>, ...children: string[]): void {
    const content = children.map((child) => el(child, {}, 'text'));
    const element = el(name, { xmlns: 'jabber:client', ...attrs }, ...content);
    this.#router.received(Stanza.fromElement(element, Jid.parse(to as string), Jid.parse(from as string)));
  }

  /** A presence as another shard sends it. */
  arrivesAsText(xml: string): void {
    const { to, from, type = '', id, 'xml:lang': lang } = this.#parse(xml)?.attrs ?? {};
    const [recipient, sender] = [Jid.parse(to ?? ''), Jid.parse(from ?? '')];
    const fields = { name: 'presence', type, to: recipient, from: sender, id, lang } as const;
    this.#router.received(Stanza.fromText(fields, xml, this.#parse));
  }

  readonly #parse = (xml: string) =>
    this.#sax &&
    buildTree(this.#sax, Buffer.from(xml.replace(/^<presence/, "<presence xmlns='jabber:client'")), new Map());

  /** What a session that has ended did not take. */
  again(stanza: Stanza): void {
    this.#router.again(stanza);
  }

  /** Available from now on, as if for the first time. */
  becomesAvailable({ session }: Person): void {
    const presence = Stanza.fromElement(el('presence', { xmlns: 'jabber:client' }), undefined, session.jid);
    session.presence = presence;
    session.host.hooks.notify(sessionAvailable, { session, presence, wasAvailable: false, couldReceive: false });
  }

  leaves({ session }: Person): void {
    this.#sessions.close(session, 'left');
  }
}
