/** The table of accounts in memory. */
import type { UserRecord, UserRecords } from '../../src/core/auth/user-records.js';

export class MemoryUsers implements UserRecords {
  /** By `local@domain`. */
  readonly records = new Map<string, UserRecord>();
  /** Thrown by every call while it is set: the database is away. */
  failure: Error | undefined;

  async get(local: string, domain: string): Promise<UserRecord | undefined> {
    return this.#open().get(`${local}@${domain}`);
  }

  async add(local: string, domain: string, record: UserRecord): Promise<boolean> {
    if (this.#open().has(`${local}@${domain}`)) return false;
    this.records.set(`${local}@${domain}`, record);
    return true;
  }

  async update(local: string, domain: string, record: UserRecord): Promise<boolean> {
    if (!this.#open().has(`${local}@${domain}`)) return false;
    this.records.set(`${local}@${domain}`, record);
    return true;
  }

  async delete(local: string, domain: string): Promise<boolean> {
    return this.#open().delete(`${local}@${domain}`);
  }

  async list(domain: string, { limit, index = 0 }: { limit?: number; index?: number }): Promise<string[]> {
    const names = [...this.#open().keys()].filter((name) => name.endsWith(`@${domain}`));
    const locals = names.map((name) => name.slice(0, name.indexOf('@'))).sort();
    return locals.slice(index, limit === undefined ? undefined : index + limit);
  }

  async count(domain: string): Promise<number> {
    return (await this.list(domain, {})).length;
  }

  #open(): Map<string, UserRecord> {
    if (this.failure) throw this.failure;
    return this.records;
  }
}
