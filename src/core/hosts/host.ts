/** The served domains, and for each host type what its modules have registered. */
import type { HostTypeConfig } from '../../platform/config/index.js';
import type { HookTable } from '../hooks/hook-table.js';
import type { IqTable } from '../routing/iq-table.js';

/** The settings and handlers that all domains of one host type share. */
export class Host {
  readonly hostType: string;
  readonly config: HostTypeConfig;
  readonly hooks: HookTable;
  readonly iqs: IqTable;
  readonly #features = new Set<string>();
  #advertised = 0;

  constructor(hostType: string, config: HostTypeConfig, hooks: HookTable, iqs: IqTable) {
    this.hostType = hostType;
    this.config = config;
    this.hooks = hooks;
    this.iqs = iqs;
  }

  /** Features of the server and of its accounts for service discovery (XEP-0030), gathered from the running modules. */
  get features(): ReadonlySet<string> {
    return this.#features;
  }

  /** Another number whenever features or handlers have changed: for what is computed from them. */
  get revision(): number {
    return this.#advertised + this.hooks.revision;
  }

  /** Adds a feature; the function returned takes it away. */
  advertise(feature: string): () => void {
    this.#features.add(feature);
    this.#advertised++;
    return () => {
      this.#features.delete(feature);
      this.#advertised++;
    };
  }
}

/** A domain of its own that a module serves beside a host, such as `vjud.example.org`: it answers IQ requests. */
export interface Service {
  readonly host: Host;
  readonly iqs: IqTable;
  /** Left out of service discovery for users where `mod_disco.users_can_see_hidden_services` is false. */
  readonly isHidden?: boolean;
}

/** A domain of ours. There is one of each, so that streams and addresses share its text. */
export interface ServedDomain {
  readonly host: Host;
  readonly domain: string;
}

export class Hosts {
  readonly #byDomain = new Map<string, ServedDomain>();
  readonly #services = new Map<string, Service>();
  readonly #byType = new Map<string, Host>();

  add(host: Host, domains: readonly string[]): void {
    this.#byType.set(host.hostType, host);
    for (const domain of domains) this.#byDomain.set(domain, { host, domain });
  }

  /** The host that serves this domain; `undefined` for a domain that is not ours. */
  serving(domain: string): Host | undefined {
    return this.#byDomain.get(domain)?.host;
  }

  domain(text: string): ServedDomain | undefined {
    return this.#byDomain.get(text);
  }

  /** Puts a service on a domain; one that is taken is a mistake of the configuration. */
  addService(domain: string, service: Service): () => void {
    if (this.#byDomain.has(domain) || this.#services.has(domain))
      throw new Error(`the domain ${domain} is taken already`);
    this.#services.set(domain, service);
    return () => this.#services.delete(domain);
  }

  service(domain: string): Service | undefined {
    return this.#services.get(domain);
  }

  /** The domains of the services beside one of our domains, with or without hidden ones. */
  servicesOf(host: Host, domain: string, withHidden = true): string[] {
    return [...this.#services.keys()].filter((name) => {
      const service = this.#services.get(name);
      return service?.host === host && name.endsWith(`.${domain}`) && (withHidden || !service.isHidden);
    });
  }

  ofType(hostType: string): Host | undefined {
    return this.#byType.get(hostType);
  }

  get all(): readonly Host[] {
    return [...this.#byType.values()];
  }

  get domains(): readonly string[] {
    return [...this.#byDomain.keys()];
  }
}
