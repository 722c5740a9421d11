/** Accounts kept in a table of ours: what the methods `internal` and `rdbms` share. */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { PASSWORD_HASHES, type PasswordHash, passwordHashes } from '../../core/auth/config.js';
import type {
  AccountName,
  AuthCapabilities,
  AuthDecoy,
  AuthMethod,
  AuthMethodContext,
  Page,
  PasswordVerdict,
} from '../../core/auth/method.js';
import { digestOf, matchesSalted, type ScramCredentials } from '../../core/auth/scram.js';
import type { UserRecord, UserRecords } from '../../core/auth/user-records.js';
import { isTooLong } from '../../core/storage/index.js';
import { resourcePrep, saslPrep } from '../../protocol/saslprep.js';
import { readPassDetails, type ScramSecrets, writePassDetails } from './pass-details.js';

const SALT_BYTES = 16;

export class StoredAccounts implements AuthMethod {
  readonly name: string;
  readonly capabilities: AuthCapabilities;
  readonly decoy: AuthDecoy;
  readonly #context: AuthMethodContext;
  readonly #users: UserRecords;

  constructor(name: 'internal' | 'rdbms', context: AuthMethodContext) {
    const { password } = context.config;
    this.name = name;
    this.#context = context;
    this.#users = context.users(name);
    this.capabilities = {
      password: true,
      scram: password.format === 'scram' ? passwordHashes(context.config) : PASSWORD_HASHES,
      anonymous: false,
      certificate: true,
      register: true,
      stored: true,
    };
    this.decoy = {
      checkPassword: async (account, tried) => {
        await this.#check(this.#decoyRecord(account), tried);
      },
      scramCredentials: (account, hash) => this.#decoyCredentials(account, hash),
    };
  }

  async checkPassword(account: AccountName, password: string): Promise<PasswordVerdict> {
    const record = await this.#get(account);
    if (!record) return 'unknown';
    return (await this.#check(record, password)) ? 'accepted' : 'refused';
  }

  async scramCredentials(account: AccountName, hash: PasswordHash): Promise<ScramCredentials | undefined> {
    const record = await this.#get(account);
    if (!record) return undefined;
    if (record.passDetails !== undefined) return readPassDetails(record.passDetails)?.[hash];
    return this.#derive(account, hash, saslPrep(record.password) ?? record.password);
  }

  async exists(account: AccountName): Promise<boolean> {
    return (await this.#get(account)) !== undefined;
  }

  async plainPassword(account: AccountName): Promise<string | undefined> {
    const record = await this.#get(account);
    return record?.passDetails === undefined ? record?.password : undefined;
  }

  async register({ local, domain }: AccountName, password: string): Promise<'registered' | 'exists' | 'invalid-jid'> {
    try {
      return (await this.#users.add(local, domain, await this.#record(password))) ? 'registered' : 'exists';
    } catch (error) {
      if (isTooLong(error)) return 'invalid-jid';
      throw error;
    }
  }

  async setPassword({ local, domain }: AccountName, password: string): Promise<boolean> {
    return this.#users.update(local, domain, await this.#record(password));
  }

  remove({ local, domain }: AccountName): Promise<boolean> {
    return this.#users.delete(local, domain);
  }

  list(domain: string, page: Page): Promise<string[]> {
    return this.#users.list(domain, page);
  }

  count(domain: string): Promise<number> {
    return this.#users.count(domain);
  }

  #get({ local, domain }: AccountName): Promise<UserRecord | undefined> {
    return this.#users.get(local, domain);
  }

  /** Passwords that MongooseIM stored were prepared a little differently; for nearly all of them there is one form. */
  async #check(record: UserRecord, password: string): Promise<boolean> {
    const forms = new Set([saslPrep(password), resourcePrep(password)]);
    for (const form of forms) if (form !== undefined && (await this.#checkPrepared(record, form))) return true;
    return false;
  }

  async #checkPrepared(record: UserRecord, password: string): Promise<boolean> {
    if (record.passDetails === undefined) {
      const stored = saslPrep(record.password) ?? record.password;
      return stored !== '' && this.#equalTexts(stored, password);
    }
    const secrets = readPassDetails(record.passDetails) ?? {};
    // The cheapest one: none tells more about a password sent in clear than another.
    const hash = PASSWORD_HASHES.find((name) => secrets[name]);
    const secret = hash && secrets[hash];
    if (!secret) return false;
    const { salt, iterations } = secret;
    const salted = await this.#context.tasks.run('pbkdf2', { digest: digestOf(hash), password, salt, iterations });
    return matchesSalted(hash, secret, salted);
  }

  /** Compares digests under a key, so that neither length nor content shows in the time taken. */
  #equalTexts(a: string, b: string): boolean {
    return timingSafeEqual(this.#keyed('compare', a), this.#keyed('compare', b));
  }

  async #record(password: string): Promise<UserRecord> {
    const prepared = saslPrep(password) ?? password;
    const { config } = this.#context;
    if (config.password.format === 'plain') return { password: prepared, passDetails: undefined };

    const iterations = config.password.scram_iterations;
    const hashes = passwordHashes(config);
    const made = await this.#context.tasks.run('scramSecrets', {
      password: prepared,
      iterations,
      salts: hashes.map((hash) => ({ digest: digestOf(hash), salt: this.#context.random.bytes(SALT_BYTES) })),
    });
    const secrets: ScramSecrets = {};
    for (const [i, hash] of hashes.entries()) secrets[hash] = made[i] as ScramCredentials;
    return { password: '', passDetails: writePassDetails(iterations, secrets) };
  }

  /** SCRAM over a password kept in clear: the salt has to be the same each time, like a stored one. */
  async #derive(account: AccountName, hash: PasswordHash, password: string): Promise<ScramCredentials> {
    const [made] = await this.#context.tasks.run('scramSecrets', {
      password,
      iterations: this.#context.config.password.scram_iterations,
      salts: [{ digest: digestOf(hash), salt: this.#salt(account, hash) }],
    });
    return made as ScramCredentials;
  }

  #decoyRecord(account: AccountName): UserRecord {
    const { config } = this.#context;
    const password = this.#decoyPassword(account);
    if (config.password.format === 'plain') return { password, passDetails: undefined };
    const hash = passwordHashes(config)[0] as PasswordHash;
    const secrets = { [hash]: this.#decoySecret(account, hash) };
    return { password: '', passDetails: writePassDetails(config.password.scram_iterations, secrets) };
  }

  async #decoyCredentials(account: AccountName, hash: PasswordHash): Promise<ScramCredentials> {
    if (this.#context.config.password.format === 'scram') return this.#decoySecret(account, hash);
    return this.#derive(account, hash, this.#decoyPassword(account));
  }

  #decoySecret(account: AccountName, hash: PasswordHash): ScramCredentials {
    const key = (use: string) => createHmac(digestOf(hash), this.#context.secret).update(labelled(use, hash, account));
    return {
      salt: this.#salt(account, hash),
      iterations: this.#context.config.password.scram_iterations,
      storedKey: key('stored').digest(),
      serverKey: key('server').digest(),
    };
  }

  #decoyPassword(account: AccountName): string {
    return this.#keyed('password', labelled('password', '', account)).toString('hex');
  }

  #salt(account: AccountName, hash: PasswordHash): Uint8Array {
    return this.#keyed('salt', labelled('salt', hash, account)).subarray(0, SALT_BYTES);
  }

  #keyed(use: string, text: string): Buffer {
    return createHmac('sha256', this.#context.secret).update(`${use}\0${text}`).digest();
  }
}

/** A NUL can stand in no part of an address, so no two inputs run together. */
function labelled(use: string, hash: string, { local, domain }: AccountName): string {
  return [use, hash, local, domain].join('\0');
}
