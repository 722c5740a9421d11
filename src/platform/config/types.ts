/** The shape of the configuration snapshot, spelt as in the configuration file. */
import type { HttpListener } from './http-types.js';
import type { MamModule } from './mam-types.js';
import type { LdapPool, RdbmsPool } from './pool-types.js';
import type { VcardModule } from './vcard-types.js';

export type * from './http-types.js';
export type * from './mam-types.js';
export type * from './pool-types.js';
export type * from './vcard-types.js';

/** A number, or the word that lifts the limit. */
export type Limit = number | 'infinity';

export type LogLevel =
  | 'none'
  | 'emergency'
  | 'alert'
  | 'critical'
  | 'error'
  | 'warning'
  | 'notice'
  | 'info'
  | 'debug'
  | 'all';

export interface General {
  readonly loglevel: LogLevel;
  /** In canonical form (RFC 7622 section 3.2), as all domains of the snapshot. */
  readonly hosts: readonly string[];
  readonly host_types: readonly string[];
  readonly default_server_domain: string;
  readonly language: string;
  /** Seconds between two registrations from one address. */
  readonly registration_timeout: Limit;
  readonly hide_service_name: boolean;
  /** The Server field of HTTP answers. */
  readonly http_server_name: string;
  readonly sm_backend: 'mnesia' | 'cets';
  /** Milliseconds. */
  readonly replaced_wait_timeout: number;
  /** Queued messages of one connection; unset for no limit. */
  readonly max_fsm_queue?: number | undefined;
  readonly domain_certfile: readonly DomainCertificate[];
}

export interface DomainCertificate {
  readonly domain: string;
  /** Certificate, chain and key in one PEM file. */
  readonly certfile: string;
}

/** Additions of Meerkat's own. */
export interface Meerkat {
  readonly shards: number | 'auto';
  readonly engine: 'auto' | 'native' | 'portable';
  readonly data_dir: string;
  readonly limits: AddressLimitOptions;
  readonly overload: OverloadOptions;
}

/** What one source address may have and do. */
export interface AddressLimitOptions {
  readonly connections_per_address: Limit;
  readonly unauthenticated_per_address: Limit;
  readonly failed_logins_per_address: Limit;
  /** Seconds. */
  readonly failed_logins_period: number;
  /** Addresses and networks. */
  readonly exempt_addresses: readonly string[];
}

export interface OverloadOptions {
  /** Milliseconds. */
  readonly lag: Limit;
  /** Milliseconds. */
  readonly max_wait: number;
  readonly max_waiting: Limit;
}

/** A shaper by its name, or an access rule whose value for a user is the name of one. */
export type ShaperReference =
  | { readonly kind: 'none' }
  | { readonly kind: 'shaper'; readonly name: string }
  | { readonly kind: 'access'; readonly name: string };

export type TlsVersionName = 'tlsv1' | 'tlsv1.1' | 'tlsv1.2' | 'tlsv1.3';

export interface ListenerTls {
  readonly mode: 'tls' | 'starttls' | 'starttls_required';
  readonly module: 'fast_tls' | 'just_tls';
  /** `automatic`: made at first start and signed by itself; else `certfile` is set. */
  readonly certificate: 'automatic' | 'files';
  readonly certfile?: string | undefined;
  /** The file that holds the key: `certfile` itself unless the configuration names another. */
  readonly keyfile?: string | undefined;
  /** Passphrase of the key. */
  readonly password?: string | undefined;
  readonly cacertfile?: string | undefined;
  readonly dhfile?: string | undefined;
  readonly crl_files: readonly string[];
  /** `none`: clients are not asked for a certificate. */
  readonly verify_mode: 'none' | 'peer' | 'selfsigned_peer';
  /** The handshake fails without a client certificate. */
  readonly require_certificate: boolean;
  /** The handshake fails when the client's certificate does not verify. */
  readonly disconnect_on_failure: boolean;
  readonly versions: readonly TlsVersionName[];
  /** OpenSSL cipher list for TLS 1.2 and below; unset for OpenSSL's own. */
  readonly ciphers?: string | undefined;
  /** Cipher suites of TLS 1.3; unset for OpenSSL's own. */
  readonly cipher_suites?: string | undefined;
  readonly prefer_server_ciphers: boolean;
}

export interface C2sListener {
  readonly port: number;
  /** Numeric; `::` takes IPv4 too. */
  readonly ip_address: string;
  readonly ip_version: 4 | 6;
  readonly backlog: number;
  /** Name of an access rule, `all` or `none`. */
  readonly access: string;
  readonly shaper: ShaperReference;
  /** Bytes. */
  readonly max_stanza_size: Limit;
  readonly max_connections: Limit;
  readonly reuse_port: boolean;
  /** Milliseconds that a step before the session may take. */
  readonly state_timeout: Limit;
  /** Bytes of one decompressed element; unset without compression. */
  readonly zlib?: number | undefined;
  /** Queued messages; unset for no limit. `general.max_fsm_queue` is already applied. */
  readonly max_fsm_queue?: number | undefined;
  readonly backwards_compatible_session: boolean;
  /** Every connection begins with a PROXY header. */
  readonly proxy_protocol: boolean;
  /** Addresses and networks that may send one; empty for all. */
  readonly proxy_trusted: readonly string[];
  /** Unset: all methods of the host type. */
  readonly allowed_auth_methods?: readonly string[] | undefined;
  /** Unset: no TLS. */
  readonly tls?: ListenerTls | undefined;
}

export type AuthMethodName = 'internal' | 'rdbms' | 'anonymous' | 'dummy';

export interface Auth {
  /** In the order in which they are asked. */
  readonly methods: readonly AuthMethodName[];
  /** In the order in which they are offered. */
  readonly sasl_mechanisms: readonly string[];
  readonly sasl_external: readonly ('standard' | 'common_name' | 'auth_id')[];
  readonly sasl_external_common_name: { readonly prefix: string; readonly suffix: string };
  readonly max_users_per_domain: Limit;
  readonly password: {
    readonly format: 'plain' | 'scram';
    /** Unset: all. */
    readonly hash?: readonly ('sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512')[] | undefined;
    readonly scram_iterations: number;
  };
  readonly rdbms?: { readonly users_number_estimate: boolean } | undefined;
  readonly anonymous?: AnonymousAuth | undefined;
  readonly dummy?: { readonly base_time: number; readonly variance: number } | undefined;
}

export interface AnonymousAuth {
  readonly allow_multiple_connections: boolean;
  readonly protocol: 'sasl_anon' | 'login_anon' | 'both';
}

/** One part of an address that a matcher looks at: exact, as a regular expression or as a glob. */
export type AclPart = 'user' | 'server' | 'resource';
export type AclCondition = AclPart | `${AclPart}_regexp` | `${AclPart}_glob`;

/**
 * All conditions of a matcher have to hold, for an address of the domains that `match` names. Conditions on user and server are
 * in lower case as prepared addresses are; regular expressions stand as in the file and are meant without regard to case.
 */
export type AclMatcher = {
  readonly match: 'all' | 'none' | 'current_domain' | 'any_hosted_domain';
} & { readonly [condition in AclCondition]?: string | undefined };

export interface AccessClause {
  readonly acl: string;
  /** `allow`, `deny`, the name of a shaper, or a number. */
  readonly value: string | number;
}

/** The first clause whose acl holds decides; no clause means `deny`. */
export type AccessRule = readonly AccessClause[];

/** By name; an address belongs to the acl when one matcher fits. */
export type Acls = Readonly<Record<string, readonly AclMatcher[]>>;
export type AccessRules = Readonly<Record<string, AccessRule>>;

export interface Shaper {
  /** Bytes per second. */
  readonly max_rate: number;
}

/** Where a module or method keeps its data, as the file spells it. */
export type BackendName = 'mnesia' | 'cets' | 'rdbms';

export interface ModulesByName {
  readonly mod_adhoc: { readonly report_commands_node: boolean };
  readonly mod_caps: {
    /** Milliseconds. */
    readonly iq_response_timeout: number;
    readonly versions: readonly ('v1' | 'v2')[];
    readonly cache_size: number;
    /** Seconds. */
    readonly cache_life_time: number;
  };
  readonly mod_blocking: { readonly backend: BackendName };
  readonly mod_disco: {
    readonly extra_domains: readonly string[];
    readonly server_info: readonly ServerInfo[];
    readonly users_can_see_hidden_services: boolean;
  };
  readonly mod_amp: { readonly subscribers_only: boolean };
  readonly mod_csi: { readonly buffer_max: Limit; readonly hold: 'all' | 'unimportant' };
  readonly mod_extdisco: { readonly service: readonly ExternalService[] };
  readonly mod_domain_isolation: Readonly<Record<never, never>>;
  readonly mod_last: { readonly backend: BackendName };
  readonly mod_mam: MamModule;
  readonly mod_offline: {
    readonly backend: BackendName;
    readonly access_max_user_messages: string;
    readonly store_groupchat_messages: boolean;
  };
  readonly mod_ping: {
    readonly send_pings: boolean;
    /** Seconds. */
    readonly ping_interval: number;
    readonly timeout_action: 'none' | 'kill';
    /** Seconds. */
    readonly ping_req_timeout: number;
  };
  readonly mod_presence: Readonly<Record<never, never>>;
  readonly mod_cache_users: {
    readonly strategy: 'fifo' | 'lru';
    /** In minutes, of one segment. */
    readonly time_to_live: Limit;
    readonly number_of_segments: number;
  };
  readonly mod_private: {
    readonly backend: BackendName;
    /** In bytes, of all elements of an account together. */
    readonly max_size: Limit;
    readonly max_elements: Limit;
  };
  readonly mod_privacy: {
    readonly backend: BackendName;
    readonly max_items: number | 'infinity';
    readonly max_lists: number | 'infinity';
  };
  readonly mod_register: {
    readonly access: string;
    readonly welcome_message: { readonly subject: string; readonly body: string };
    readonly registration_watchers: readonly string[];
    /** Bits of entropy; 0 for any. */
    readonly password_strength: number;
    /** The first network that holds the address decides; all may register when none does. */
    readonly ip_access: readonly { readonly address: string; readonly policy: 'allow' | 'deny' }[];
  };
  readonly mod_roster: {
    readonly backend: BackendName;
    readonly versioning: boolean;
    readonly store_current_id: boolean;
    readonly max_items: number | 'infinity';
  };
  readonly mod_stream_management: {
    readonly backend: 'mnesia' | 'cets';
    readonly buffer: boolean;
    readonly buffer_max: number | 'infinity';
    readonly buffer_max_bytes: number | 'infinity';
    readonly ack: boolean;
    readonly ack_freq: number;
    /** Seconds. */
    readonly resume_timeout: number;
    readonly location: string | undefined;
    readonly stale_h: {
      readonly enabled: boolean;
      /** Seconds. */
      readonly repeat_after: number;
      /** Seconds. */
      readonly geriatric: number;
    };
  };
  readonly mod_sic: Readonly<Record<never, never>>;
  readonly mod_stanzaid: Readonly<Record<never, never>>;
  readonly mod_time: Readonly<Record<never, never>>;
  readonly mod_vcard: VcardModule;
  readonly mod_version: { readonly os_info: boolean };
}

export interface ExternalService {
  readonly type: string;
  readonly host: string;
  readonly port?: number | undefined;
  readonly transport?: 'udp' | 'tcp' | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  /** Makes user names and passwords that expire; stands without the two above. */
  readonly secret?: string | undefined;
}

export interface ServerInfo {
  readonly name: string;
  readonly urls: readonly string[];
  /** Unset: everywhere. */
  readonly modules?: readonly string[] | undefined;
}

/** A module that is absent is off. */
export type Modules = Readonly<Partial<ModulesByName>>;

/** Everything that may differ between host types, with the global values filled in. */
export interface HostTypeConfig {
  readonly name: string;
  /** The static domains of this host type. */
  readonly domains: readonly string[];
  readonly general: { readonly replaced_wait_timeout: number };
  readonly auth: Auth;
  readonly modules: Modules;
  readonly acl: Acls;
  readonly access: AccessRules;
}

/** The snapshot as plain data, which can be sent to a worker thread. */
export interface PlainConfig {
  /** The file that was read; unset for the built-in default. */
  readonly file?: string | undefined;
  readonly general: General;
  readonly meerkat: Meerkat;
  readonly listen: { readonly c2s: readonly C2sListener[]; readonly http: readonly HttpListener[] };
  readonly auth: Auth;
  readonly acl: Acls;
  readonly access: AccessRules;
  readonly shaper: Readonly<Record<string, Shaper>>;
  readonly modules: Modules;
  readonly outgoing_pools: {
    readonly rdbms: Readonly<Record<string, RdbmsPool>>;
    readonly ldap: Readonly<Record<string, LdapPool>>;
  };
  readonly host_types: readonly HostTypeConfig[];
}
