/** What authentication reads of the `auth` section of a host type. */
import type { Auth } from '../../platform/config/index.js';

/** Hash names as `auth.password.hash` spells them. */
export type PasswordHash = NonNullable<Auth['password']['hash']>[number];

/** Names of methods and rules are looked up where they are used, so here any may stand. */
export interface AuthConfig extends Omit<Auth, 'methods' | 'sasl_external'> {
  readonly methods: readonly string[];
  readonly sasl_external: readonly string[];
}

/** Weakest, and so cheapest, first. */
export const PASSWORD_HASHES: readonly PasswordHash[] = ['sha', 'sha224', 'sha256', 'sha384', 'sha512'];

/** The hashes for which SCRAM secrets are kept, weakest first. */
export function passwordHashes(config: AuthConfig): readonly PasswordHash[] {
  const chosen = config.password.hash ?? PASSWORD_HASHES;
  return PASSWORD_HASHES.filter((hash) => chosen.includes(hash));
}
