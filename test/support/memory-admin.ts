/** Accounts and sessions in memory, for administrators' commands to act on. */
import type { AdminContext, AdminSession } from '../../src/admin/context.js';
import type { LogLevel } from '../../src/platform/log.js';
import { Metrics } from '../../src/platform/metrics.js';
import { Jid } from '../../src/protocol/jid.js';

interface MemoryAccount {
  password: string;
  readonly sessions: AdminSession[];
}

export interface MemoryAdminOptions {
  readonly domains?: readonly string[];
  /** Of each domain. */
  readonly maxUsers?: number;
  /** Domains whose accounts can neither be made nor changed. */
  readonly readOnly?: readonly string[];
}

export class MemoryAdmin implements AdminContext {
  readonly #accounts = new Map<string, MemoryAccount>();
  readonly #options: MemoryAdminOptions;
  readonly kicked: { jid: string; reason: string }[] = [];
  #level: LogLevel = 'warning';
  #names = 0;
  isStopped = false;
  readonly metrics = new Metrics();

  constructor(options: MemoryAdminOptions = {}) {
    this.#options = options;
  }

  /** Makes the account when it is not there, and a session of it. */
  addSession(jid: string, facts: Partial<AdminSession> = {}): void {
    const full = Jid.parse(jid)!;
    const account = this.#accounts.get(full.bare.toString()) ?? { password: 'secret', sessions: [] };
    this.#accounts.set(full.bare.toString(), account);
    account.sessions.push({
      jid,
      ip: '192.0.2.1',
      port: 50_000,
      isSecure: true,
      priority: 5,
      uptimeSeconds: 60,
      ...facts,
    });
  }

  readonly accounts: AdminContext['accounts'] = {
    isServed: (domain) => (this.#options.domains ?? ['localhost']).includes(domain),
    exists: async (jid) => this.#accounts.has(jid.toString()),
    checkPassword: async (jid, password) => this.#accounts.get(jid.toString())?.password === password,
    plainPassword: async (jid) => this.#accounts.get(jid.toString())?.password,
    register: async (jid, password) => {
      if (jid.local === '') return 'invalid-jid';
      if (password === '') return 'empty-password';
      if (this.#accounts.has(jid.toString())) return 'exists';
      if (this.#isReadOnly(jid)) return 'not-allowed';
      if (this.#of(jid.domain).length >= (this.#options.maxUsers ?? Number.POSITIVE_INFINITY)) return 'limit';
      this.#accounts.set(jid.toString(), { password, sessions: [] });
      return 'registered';
    },
    remove: async (jid) => {
      if (this.#isReadOnly(jid)) return 'not-allowed';
      return this.#accounts.delete(jid.toString()) ? 'removed' : 'no-account';
    },
    changePassword: async (jid, password) => {
      const account = this.#accounts.get(jid.toString());
      if (password === '') return 'empty-password';
      if (!account) return 'no-account';
      if (this.#isReadOnly(jid)) return 'not-allowed';
      account.password = password;
      return 'changed';
    },
    ban: async (jid, reason) => {
      await this.sessions.kick(jid, reason);
      return this.accounts.changePassword(jid, `BANNED ${Math.random()}`);
    },
    list: async (domain, { limit, index = 0 }) => {
      const names = this.#of(domain).map((jid) => jid.local);
      return names.sort().slice(index, limit === undefined ? undefined : index + limit);
    },
    count: async (domain) => this.#of(domain).length,
  };

  readonly sessions: AdminContext['sessions'] = {
    list: async (domain) =>
      this.#sessions().filter(({ jid }) => domain === undefined || Jid.parse(jid)?.domain === domain),
    count: async (domain) => (await this.sessions.list(domain)).length,
    ofAccount: async (account) => this.#accounts.get(account.toString())?.sessions ?? [],
    kick: async (jid, reason) => {
      const sessions = this.#accounts.get(jid.bare.toString())?.sessions ?? [];
      const ended = sessions.filter((session) => jid.isBare || session.jid === jid.toString());
      for (const session of ended) {
        sessions.splice(sessions.indexOf(session), 1);
        this.kicked.push({ jid: session.jid, reason });
      }
      return ended.map((session) => session.jid);
    },
  };

  readonly server: AdminContext['server'] = {
    version: '1.2.3',
    nodeName: 'node1',
    uptimeSeconds: () => 93_784,
    stop: () => {
      this.isStopped = true;
    },
    loglevel: () => this.#level,
    setLoglevel: (level) => {
      this.#level = level;
    },
    certificates: () => [],
    reloadCertificates: async () => [],
    metrics: () => this.metrics.collect(),
    makeUsername: () => `made${++this.#names}`,
  };

  #of(domain: string): Jid[] {
    return [...this.#accounts.keys()].map((text) => Jid.parse(text)!).filter((jid) => jid.domain === domain);
  }

  #sessions(): AdminSession[] {
    return [...this.#accounts.values()].flatMap(({ sessions }) => sessions);
  }

  #isReadOnly(jid: Jid): boolean {
    return this.#options.readOnly?.includes(jid.domain) ?? false;
  }
}
