/** What a running module may reach, and the list of what has to be undone when it stops. */
import type { Clock } from '../../platform/clock.js';
import type { Shaper } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import type { Random } from '../../platform/random.js';
import type { Element } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import type { Access } from '../access/access.js';
import type { Accounts } from '../accounts/accounts.js';
import type { RegistrationPace } from '../accounts/registration-pace.js';
import type { Commitments } from '../commitments.js';
import type { Directories } from '../directory/directory.js';
import type { AnyHook, HandlerOf } from '../hooks/hook.js';
import type { Order } from '../hooks/order.js';
import type { Host, Hosts } from '../hosts/host.js';
import { type IqHandler, IqTable, type IqTarget, type IqType } from '../routing/iq-table.js';
import type { Router } from '../routing/router.js';
import type { Sessions } from '../sessions/sessions.js';
import type { Durability } from '../shards/durability.js';
import type { ShardCalls } from '../shards/shard-calls.js';
import type { Api } from './api.js';

/** What all modules of a shard share. */
export interface ShardServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly hosts: Hosts;
  readonly sessions: Sessions;
  /** Directories of people that others keep. */
  readonly directories: Directories;
  readonly router: Router;
  /** A JID text; repeated ones give the same object. */
  readonly jid: (text: string) => Jid | undefined;
  /** Parses one stored element; `undefined` when it is not well-formed. */
  readonly parse: (xml: string) => Element | undefined;
  readonly calls: ShardCalls;
  /** Whoever writes what a stanza must leave behind tells of it here: it is acknowledged only behind that. */
  readonly commitments: Commitments;
  readonly durability: Durability;
  /** Whether an account has a session, wherever its home is. */
  readonly isOnline: (account: Jid) => Promise<boolean>;
  /** How many shards there are. */
  readonly shards: number;
  /** True on exactly one shard: for work that a node does once. */
  readonly isFirstShard: boolean;
  /** Bounds how many accounts one source makes (`general.registration_timeout`). */
  readonly registrations: RegistrationPace;
  /** The section `shaper`. */
  readonly shapers: Readonly<Record<string, Shaper>>;
  /** Version text of the server. */
  readonly version: string;
}

export class Scope<Config, Stores, Used> {
  readonly host: Host;
  readonly config: Config;
  readonly stores: Stores;
  readonly uses: Used;
  readonly log: Logger;
  readonly accounts: Accounts;
  readonly access: Access;
  readonly services: ShardServices;
  readonly #provide: (api: Api<unknown>, implementation: unknown) => void;
  readonly #undo: (() => void)[] = [];

  constructor(parts: {
    host: Host;
    config: Config;
    stores: Stores;
    uses: Used;
    log: Logger;
    accounts: Accounts;
    access: Access;
    services: ShardServices;
    provide: (api: Api<unknown>, implementation: unknown) => void;
  }) {
    this.host = parts.host;
    this.config = parts.config;
    this.stores = parts.stores;
    this.uses = parts.uses;
    this.log = parts.log;
    this.accounts = parts.accounts;
    this.access = parts.access;
    this.services = parts.services;
    this.#provide = parts.provide;
  }

  get clock(): Clock {
    return this.services.clock;
  }

  get random(): Random {
    return this.services.random;
  }

  get sessions(): Sessions {
    return this.services.sessions;
  }

  get router(): Router {
    return this.services.router;
  }

  on<H extends AnyHook>(hook: H, order: Order, handler: HandlerOf<H>): void {
    this.#undo.push(this.host.hooks.on(hook, order, handler));
  }

  /** Answers IQ requests of this payload; `target` tells whether the domain, accounts or both are asked. */
  iq(type: IqType, ns: string, name: string, handler: IqHandler, target: IqTarget = 'any'): void {
    this.#undo.push(this.host.iqs.on(type, ns, name, target, handler));
  }

  /** Serves a domain beside each of the host's: `template` has `@HOST@` in the place of theirs. Returns its table of requests. */
  service(template: string): IqTable {
    const iqs = new IqTable((request, error) => this.log.error('iq.failed', { request, error }));
    const domains = template.includes('@HOST@')
      ? this.host.config.domains.map((domain) => template.replaceAll('@HOST@', domain))
      : [template];
    for (const domain of domains) this.onStop(this.services.hosts.addService(domain, { host: this.host, iqs }));
    return iqs;
  }

  /** Advertises a feature, for those that depend on the configuration. */
  feature(feature: string): void {
    this.#undo.push(this.host.advertise(feature));
  }

  /** Publishes what other modules list in their `uses`. */
  provide<T>(api: Api<T>, implementation: T): void {
    this.#provide(api, implementation);
  }

  /** Calls `work` every so many milliseconds until the module stops. A failure is logged, and the next time comes. */
  every(ms: number, work: () => void): void {
    const guarded = () => {
      try {
        work();
      } catch (error) {
        this.log.error('module.timer_failed', { error });
      }
    };
    this.onStop(this.clock.every(ms, guarded));
  }

  onStop(undo: () => void): void {
    this.#undo.push(undo);
  }

  stop(): void {
    for (const undo of this.#undo.splice(0).reverse()) undo();
  }
}
