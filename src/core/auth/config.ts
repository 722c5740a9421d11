/** The `auth` section of one host type as authentication reads it, spelt as in the configuration file. */

/** Hash names as `auth.password.hash` spells them. */
export type PasswordHash = 'sha' | 'sha224' | 'sha256' | 'sha384' | 'sha512';

export interface AuthConfig {
  /** Method names in the order in which they are asked. */
  readonly methods: readonly string[];
  /** Mechanism words such as `scram_sha256_plus`, in the order in which they are offered. */
  readonly sasl_mechanisms: readonly string[];
  /** Rules of SASL EXTERNAL, tried in order. */
  readonly sasl_external: readonly string[];
  readonly sasl_external_common_name?: { readonly prefix: string; readonly suffix: string } | undefined;
  readonly max_users_per_domain: number | 'infinity';
  readonly password: {
    readonly format: 'plain' | 'scram';
    /** Unset means all five. */
    readonly hash?: readonly PasswordHash[] | undefined;
    readonly scram_iterations?: number | undefined;
  };
  /** The place of `password.scram_iterations` before MongooseIM 5.1. */
  readonly scram_iterations?: number | undefined;
  readonly anonymous?: AnonymousConfig | undefined;
  readonly dummy?: DummyConfig | undefined;
}

export interface AnonymousConfig {
  readonly protocol: 'sasl_anon' | 'login_anon' | 'both';
  readonly allow_multiple_connections: boolean;
}

export interface DummyConfig {
  /** Milliseconds. */
  readonly base_time: number;
  /** Milliseconds, at least 1. */
  readonly variance: number;
}

export const DEFAULT_SCRAM_ITERATIONS = 10_000;

export function scramIterations(config: AuthConfig): number {
  return config.password.scram_iterations ?? config.scram_iterations ?? DEFAULT_SCRAM_ITERATIONS;
}

export const PASSWORD_HASHES: readonly PasswordHash[] = ['sha', 'sha224', 'sha256', 'sha384', 'sha512'];

/** The hashes for which SCRAM secrets are kept, weakest first. */
export function passwordHashes(config: AuthConfig): readonly PasswordHash[] {
  const chosen = config.password.hash ?? PASSWORD_HASHES;
  return PASSWORD_HASHES.filter((hash) => chosen.includes(hash));
}
