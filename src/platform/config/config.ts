/** The immutable snapshot that the server runs by. */
import type { HostTypeConfig, PlainConfig } from './types.js';

export class Config implements PlainConfig {
  readonly file: PlainConfig['file'];
  readonly general: PlainConfig['general'];
  readonly meerkat: PlainConfig['meerkat'];
  readonly listen: PlainConfig['listen'];
  readonly auth: PlainConfig['auth'];
  readonly acl: PlainConfig['acl'];
  readonly access: PlainConfig['access'];
  readonly shaper: PlainConfig['shaper'];
  readonly modules: PlainConfig['modules'];
  readonly outgoing_pools: PlainConfig['outgoing_pools'];
  readonly host_types: PlainConfig['host_types'];
  readonly #plain: PlainConfig;

  private constructor(plain: PlainConfig) {
    this.#plain = deepFreeze(plain);
    this.file = plain.file;
    this.general = plain.general;
    this.meerkat = plain.meerkat;
    this.listen = plain.listen;
    this.auth = plain.auth;
    this.acl = plain.acl;
    this.access = plain.access;
    this.shaper = plain.shaper;
    this.modules = plain.modules;
    this.outgoing_pools = plain.outgoing_pools;
    this.host_types = plain.host_types;
    Object.freeze(this);
  }

  /** Takes plain data over, and freezes it. */
  static fromPlain(plain: PlainConfig): Config {
    return new Config(plain);
  }

  /** For another thread: data without methods, which structured cloning and msgpack carry. */
  toPlain(): PlainConfig {
    return this.#plain;
  }

  /** Throws for a name that the configuration does not have: asking for one is a bug. */
  hostType(name: string): HostTypeConfig {
    const found = this.host_types.find((hostType) => hostType.name === name);
    if (!found) throw new Error(`no host type is called ${name}`);
    return found;
  }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  for (const inner of Object.values(value)) deepFreeze(inner);
  return Object.freeze(value);
}
