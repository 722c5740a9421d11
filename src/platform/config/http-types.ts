/** The shape of `[[listen.http]]` in the configuration snapshot. */
import type { ProxyRouteSettings } from '../proxy-route.js';
import type { Limit, ListenerTls, ShaperReference } from './types.js';

export interface HttpListener {
  readonly port: number;
  /** Numeric; `::` takes IPv4 too. */
  readonly ip_address: string;
  readonly ip_version: 4 | 6;
  /** Of all shards together. */
  readonly max_connections: Limit;
  /** Answers are compressed for clients that take it. */
  readonly compress: boolean;
  /** Every connection begins with a PROXY header. */
  readonly proxy_protocol: boolean;
  /** Addresses and networks that may send one; empty for all. */
  readonly proxy_trusted: readonly string[];
  /** Reverse proxies that may say whom a request comes from; empty for none. */
  readonly forwarded_trusted: readonly string[];
  readonly forwarded_header: 'x-forwarded-for' | 'forwarded';
  /** Unset: no TLS. */
  readonly tls?: ListenerTls | undefined;
  readonly handlers: readonly HttpHandlerSettings[];
}

/** Where a handler is found: a host name or `_` for all, and a path pattern. */
interface HttpPlace {
  readonly host: string;
  readonly path: string;
}

export type HttpHandlerSettings =
  | BoshSettings
  | WebSocketSettings
  | HealthSettings
  | HostMetaSettings
  | ReverseProxySettings
  | CowboySettings
  | WebClientSettings;

/** Also under its older name, `mod_bosh`; with the options of the service, or of the module of that name. */
export interface BoshSettings extends HttpPlace {
  readonly type: 'mongoose_bosh_handler';
  /** Seconds, these three. */
  readonly inactivity: Limit;
  readonly max_wait: Limit;
  readonly max_pause: number;
  readonly server_acks: boolean;
  /** Unset: all of them. */
  readonly host_types?: readonly string[] | undefined;
  /** Bytes. */
  readonly max_stanza_size: Limit;
  /** Milliseconds that a step before the session may take. */
  readonly state_timeout: Limit;
  readonly backwards_compatible_session: boolean;
  /** Name of an access rule, `all` or `none`. */
  readonly access: string;
  readonly shaper: ShaperReference;
  /** Of the pages that may ask; unset for all. */
  readonly allowed_origins?: readonly string[] | undefined;
}

/** Also under its older name, `mod_websockets`. */
export interface WebSocketSettings extends HttpPlace {
  readonly type: 'mongoose_websocket_handler';
  /** Milliseconds without a sign of life. */
  readonly timeout: Limit;
  /** Milliseconds between pings; unset for none. */
  readonly ping_rate?: number | undefined;
  /** Bytes. */
  readonly max_stanza_size: Limit;
  /** Milliseconds that a step before the session may take. */
  readonly state_timeout: Limit;
  readonly backwards_compatible_session: boolean;
  /** Name of an access rule, `all` or `none`. */
  readonly access: string;
  readonly shaper: ShaperReference;
  readonly permessage_deflate: boolean;
  /** Of the pages that may connect; unset for all. */
  readonly allowed_origins?: readonly string[] | undefined;
  /** Where clients are sent instead of being let in. */
  readonly see_other_uri?: string | undefined;
}

export interface HealthSettings extends HttpPlace {
  readonly type: 'meerkat_health_handler';
}

export interface HostMetaSettings extends HttpPlace {
  readonly type: 'meerkat_host_meta_handler';
  /** Unset: what is served on the same port. */
  readonly websocket_url?: string | undefined;
  readonly bosh_url?: string | undefined;
}

export interface WebClientSettings extends HttpPlace {
  readonly type: 'meerkat_web_client';
}

/** With the routes of the module of that name. */
export interface ReverseProxySettings extends HttpPlace {
  readonly type: 'mod_revproxy';
  /** Milliseconds. */
  readonly timeout: number;
  /** Bytes of a request's body. */
  readonly body_length: Limit;
  /** Of requests on their way to an upstream; names in lower case. */
  readonly custom_headers: Readonly<Record<string, string>>;
  /** The first that fits counts. */
  readonly routes: readonly ProxyRouteSettings[];
}

/** Several protocols on one path; those that are not there are not served. */
export interface CowboySettings extends HttpPlace {
  readonly type: 'mod_cowboy';
  readonly http?: ReverseProxySettings | undefined;
  /** WebSocket with the subprotocol of this name. */
  readonly xmpp?: WebSocketSettings | undefined;
}
