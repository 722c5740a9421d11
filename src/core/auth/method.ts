/** The port of authentication methods: where the accounts of a host type live, and who checks their credentials. */
import type { Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { TaskRunner } from '../../platform/workers/tasks.js';
import type { AuthConfig, PasswordHash } from './config.js';
import type { ScramCredentials } from './scram.js';
import type { UserRecords } from './user-records.js';

/** A bare JID in its normalised parts; a `Jid` fits. */
export interface AccountName {
  readonly local: string;
  readonly domain: string;
}

/** What a method can do under its configuration; decides which mechanisms are offered. */
export interface AuthCapabilities {
  /** Checks passwords sent in clear: serves PLAIN. */
  readonly password: boolean;
  /** The SCRAM hashes it can serve; empty for none. */
  readonly scram: readonly PasswordHash[];
  /** Lets in without credentials: serves ANONYMOUS. */
  readonly anonymous: boolean;
  /** Vouches for the name in a verified certificate: serves EXTERNAL. */
  readonly certificate: boolean;
  /** Accounts can be made, changed and removed. */
  readonly register: boolean;
  /** Its accounts outlive their sessions: an anonymous login under such a name is refused. */
  readonly stored: boolean;
}

/** `unknown`: this method has no such account, ask the next one. */
export type PasswordVerdict = 'accepted' | 'refused' | 'unknown';

export interface Page {
  readonly limit?: number | undefined;
  /** Number of accounts skipped. */
  readonly index?: number | undefined;
}

/**
 * One method at work for one host type. A call rejects when its storage or service cannot answer: that is not a no. Passwords
 * arrive as the client sent them.
 */
export interface AuthMethod {
  readonly name: string;
  readonly capabilities: AuthCapabilities;

  checkPassword(account: AccountName, password: string): Promise<PasswordVerdict>;
  /** Undefined when there is no such account, or it keeps nothing for this hash. */
  scramCredentials(account: AccountName, hash: PasswordHash): Promise<ScramCredentials | undefined>;
  exists(account: AccountName): Promise<boolean>;
  /** For administrators' comparisons with hashes of old: undefined unless the password is kept in clear. */
  plainPassword?(account: AccountName): Promise<string | undefined>;
  register(account: AccountName, password: string): Promise<'registered' | 'exists' | 'invalid-jid' | 'refused'>;
  /** False when there is no such account, or its password cannot be changed. */
  setPassword(account: AccountName, password: string): Promise<boolean>;
  /** False when there was nothing to remove, or it cannot be removed. */
  remove(account: AccountName): Promise<boolean>;
  /** Localparts in ascending order. */
  list(domain: string, page: Page): Promise<string[]>;
  count(domain: string): Promise<number>;
  /** For methods whose answers take noticeable work: the same work for an account that does not exist. */
  readonly decoy?: AuthDecoy;
}

/** Keeps the names of accounts secret: neither timing nor SCRAM challenges tell whether one exists. */
export interface AuthDecoy {
  checkPassword(account: AccountName, password: string): Promise<void>;
  /** The same for the same name, also after a restart; no password fits. */
  scramCredentials(account: AccountName, hash: PasswordHash): Promise<ScramCredentials>;
}

/** What a method gets when it starts. */
export interface AuthMethodContext {
  readonly hostType: string;
  readonly config: AuthConfig;
  readonly tasks: TaskRunner;
  readonly clock: Clock;
  readonly random: Random;
  /** The table of accounts: `internal` is the embedded store, `rdbms` the outgoing pool's. */
  users(method: 'internal' | 'rdbms'): UserRecords;
  /** 32 bytes that only this installation knows, the same after a restart. */
  readonly secret: Uint8Array;
  /** Whether a session of this account is open anywhere. */
  isOnline(account: AccountName): Promise<boolean>;
  /** Whether a method with stored accounts knows the name. */
  isStored(account: AccountName): Promise<boolean>;
}

export interface AuthMethodDefinition {
  /** Its word in `auth.methods`, and the name of its section. */
  readonly name: string;
  /** Works with domains that are added while the server runs. */
  readonly dynamicDomains: boolean;
  start(context: AuthMethodContext): AuthMethod;
}

export function defineAuthMethod(definition: AuthMethodDefinition): AuthMethodDefinition {
  return definition;
}
