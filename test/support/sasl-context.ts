/** The surroundings of a SASL exchange for tests: one account, everything else as asked. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';
import type { AuthConfig, PasswordHash } from '../../src/core/auth/config.js';
import type { AuthMethods, ExchangeContext } from '../../src/core/auth/mechanism.js';
import type { AccountName, AuthCapabilities } from '../../src/core/auth/method.js';
import type { ScramCredentials } from '../../src/core/auth/scram.js';

export const allMechanisms = ['sha512', 'sha384', 'sha256', 'sha224', 'sha1']
  .flatMap((hash) => [`scram_${hash}_plus`, `scram_${hash}`])
  .concat(['plain', 'anonymous', 'external']);

export function authConfig(changes: Partial<AuthConfig> = {}): AuthConfig {
  return {
    methods: ['internal'],
    sasl_mechanisms: allMechanisms,
    sasl_external: ['standard'],
    sasl_external_common_name: { prefix: '', suffix: '' },
    max_users_per_domain: 'infinity',
    password: { format: 'scram', scram_iterations: 4096 },
    ...changes,
  };
}

export const everything: AuthCapabilities = {
  password: true,
  scram: ['sha', 'sha224', 'sha256', 'sha384', 'sha512'],
  anonymous: true,
  certificate: true,
  register: true,
  stored: true,
};

export function scramCredentials(
  digest: string,
  password: string,
  salt: Uint8Array,
  iterations: number,
): ScramCredentials {
  const length = createHash(digest).digest().length;
  const salted = pbkdf2Sync(password, salt, iterations, length, digest);
  const clientKey = createHmac(digest, salted).update('Client Key').digest();
  const serverKey = createHmac(digest, salted).update('Server Key').digest();
  return { salt, iterations, storedKey: createHash(digest).update(clientKey).digest(), serverKey };
}

export interface OneAccount {
  readonly account: AccountName;
  readonly password: string;
  readonly salt?: Uint8Array;
  readonly iterations?: number;
}

/** Methods that know one account. */
export function methodsFor({
  account,
  password,
  salt = Buffer.alloc(16, 7),
  iterations = 64,
}: OneAccount): AuthMethods {
  const isOurs = ({ local, domain }: AccountName) => local === account.local && domain === account.domain;
  const digest = (hash: PasswordHash) => (hash === 'sha' ? 'sha1' : hash);
  return {
    capabilities: [everything],
    anonymous: 'anonymous',
    checkPassword: async (name, tried) => (isOurs(name) && tried === password ? 'internal' : undefined),
    scramCredentials: async (name, hash) => ({
      credentials: scramCredentials(digest(hash), isOurs(name) ? password : 'of nobody', salt, iterations),
      method: isOurs(name) ? 'internal' : undefined,
    }),
    acceptCertificate: async (name) => (isOurs(name) ? 'internal' : undefined),
  };
}

export function saslContext(changes: Partial<ExchangeContext> = {}): ExchangeContext {
  let next = 0;
  return {
    domain: 'example.org',
    config: authConfig(),
    methods: methodsFor({ account: { local: 'user', domain: 'example.org' }, password: 'pencil' }),
    tls: undefined,
    tlsAvailable: false,
    language: undefined,
    offered: [],
    channelBinding: () => undefined,
    randomBytes: (length) => Buffer.alloc(length, ++next),
    ...changes,
  };
}
