/** What administrators' commands act on; the running server implements it over its shards. */
import type { ChangeOutcome, RegisterOutcome, RemoveOutcome } from '../core/accounts/accounts.js';
import type { CertificateRow } from '../platform/certificates/index.js';
import type { LogLevel } from '../platform/log.js';
import type { MetricSample } from '../platform/metrics.js';
import type { Jid } from '../protocol/jid.js';

export interface AdminContext {
  readonly accounts: AdminAccounts;
  readonly sessions: AdminSessions;
  readonly server: AdminServer;
}

/** Accounts are bare JIDs of served domains. A call rejects when the storage behind it cannot answer. */
export interface AdminAccounts {
  isServed(domain: string): boolean;
  exists(account: Jid): Promise<boolean>;
  checkPassword(account: Jid, password: string): Promise<boolean>;
  /** Undefined when there is no such account, and when its password is not kept in plain text. */
  plainPassword(account: Jid): Promise<string | undefined>;
  register(account: Jid, password: string): Promise<RegisterOutcome>;
  /** Ends the account's sessions too. */
  remove(account: Jid): Promise<RemoveOutcome>;
  changePassword(account: Jid, password: string): Promise<ChangeOutcome>;
  /** Ends the account's sessions, and sets a password that nobody knows. */
  ban(account: Jid, reason: string): Promise<ChangeOutcome>;
  /** Localparts in ascending order. */
  list(
    domain: string,
    page: { readonly limit?: number | undefined; readonly index?: number | undefined },
  ): Promise<string[]>;
  count(domain: string): Promise<number>;
}

export interface AdminSessions {
  /** Of one domain, or of all. */
  list(domain: string | undefined): Promise<AdminSession[]>;
  count(domain: string | undefined): Promise<number>;
  /** The sessions of a bare JID. */
  ofAccount(account: Jid): Promise<AdminSession[]>;
  /** Ends one session, or all of a bare JID; the reason is told in the stream error. Returns the full JIDs that were ended. */
  kick(jid: Jid, reason: string): Promise<string[]>;
}

export interface AdminSession {
  readonly jid: string;
  readonly ip: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Undefined while the session is not available. */
  readonly priority: number | undefined;
  readonly uptimeSeconds: number;
}

export interface AdminServer {
  readonly version: string;
  /** Names this process among the nodes of a cluster. */
  readonly nodeName: string;
  /** Whole seconds since the start. */
  uptimeSeconds(): number;
  /** Returns at once; the server stops when what is being answered has been answered. */
  stop(): void;
  loglevel(): LogLevel;
  setLoglevel(level: LogLevel): void;
  /** Those in use, and those that were refused. */
  certificates(): CertificateRow[];
  /** Looks at the files now, and returns what there is then. */
  reloadCertificates(): Promise<CertificateRow[]>;
  metrics(): MetricSample[];
  /** A localpart that nobody has. */
  makeUsername(): string;
}
