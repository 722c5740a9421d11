/** The table of accounts that the methods `internal` and `rdbms` keep. */
import type { UserRecord, UserRecords } from '../auth/user-records.js';
import { type AccountKey, accountKey, defineStore, limitValue, type Sql, statement, table } from '../storage/index.js';

const users = table(
  'users',
  {
    username: 'varchar(250)',
    server: 'varchar(250)',
    password: 'text NOT NULL',
    pass_details: 'text',
    created_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  { primaryKey: ['server', 'username'] },
);

interface UserRow {
  readonly password: string;
  readonly pass_details: string | null;
}

const GET = statement<UserRow>('SELECT password, pass_details FROM users WHERE server = $1 AND username = $2');
const ADD = statement(
  'INSERT INTO users (server, username, password, pass_details) VALUES ($1, $2, $3, $4) ' +
    'ON CONFLICT (server, username) DO NOTHING',
);
const UPDATE = statement('UPDATE users SET password = $3, pass_details = $4 WHERE server = $1 AND username = $2');
const DELETE = statement('DELETE FROM users WHERE server = $1 AND username = $2');
const COUNT = statement<{ readonly total: number }>('SELECT COUNT(*) AS total FROM users WHERE server = $1');
// The order of the bytes, in which SQLite sorts by itself, whatever the language of the database is.
const LIST = statement<{ readonly username: string }>({
  sqlite: 'SELECT username FROM users WHERE server = $1 ORDER BY username LIMIT $2 OFFSET $3',
  pgsql: 'SELECT username FROM users WHERE server = $1 ORDER BY username COLLATE "C" LIMIT $2 OFFSET $3',
});

class SqlUsers implements UserRecords {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async get(local: string, domain: string): Promise<UserRecord | undefined> {
    const [row] = await this.#sql.read(GET, [domain, local]);
    return row && { password: row.password, passDetails: row.pass_details ?? undefined };
  }

  async add(local: string, domain: string, { password, passDetails }: UserRecord): Promise<boolean> {
    const { changes } = await this.#sql.write(ADD, [domain, local, password, passDetails ?? null]);
    return changes > 0;
  }

  async update(local: string, domain: string, { password, passDetails }: UserRecord): Promise<boolean> {
    const { changes } = await this.#sql.write(UPDATE, [domain, local, password, passDetails ?? null]);
    return changes > 0;
  }

  async delete(local: string, domain: string): Promise<boolean> {
    const { changes } = await this.#sql.write(DELETE, [domain, local]);
    return changes > 0;
  }

  async list(domain: string, { limit, index }: Parameters<UserRecords['list']>[1]): Promise<string[]> {
    const rows = await this.#sql.read(LIST, [domain, limitValue(limit), index ?? 0]);
    return rows.map(({ username }) => username);
  }

  async count(domain: string): Promise<number> {
    const [row] = await this.#sql.read(COUNT, [domain]);
    return row?.total ?? 0;
  }
}

class MemoryUsers implements UserRecords {
  readonly #records = new Map<string, AccountKey & UserRecord>();

  async get(local: string, domain: string): Promise<UserRecord | undefined> {
    const found = this.#records.get(accountKey({ local, domain }));
    return found && { password: found.password, passDetails: found.passDetails };
  }

  async add(local: string, domain: string, record: UserRecord): Promise<boolean> {
    const key = accountKey({ local, domain });
    if (this.#records.has(key)) return false;
    this.#records.set(key, { ...record, local, domain });
    return true;
  }

  async update(local: string, domain: string, record: UserRecord): Promise<boolean> {
    const key = accountKey({ local, domain });
    if (!this.#records.has(key)) return false;
    this.#records.set(key, { ...record, local, domain });
    return true;
  }

  async delete(local: string, domain: string): Promise<boolean> {
    return this.#records.delete(accountKey({ local, domain }));
  }

  async list(domain: string, { limit, index = 0 }: Parameters<UserRecords['list']>[1]): Promise<string[]> {
    const locals = this.#of(domain).map(({ local }) => Buffer.from(local));
    const sorted = locals.sort(Buffer.compare).map(String);
    return sorted.slice(index, limit === undefined ? undefined : index + limit);
  }

  async count(domain: string): Promise<number> {
    return this.#of(domain).length;
  }

  #of(domain: string): AccountKey[] {
    return [...this.#records.values()].filter((record) => record.domain === domain);
  }
}

export const userStore = defineStore<UserRecords>({
  name: 'users',
  tables: [users],
  sql: (sql) => new SqlUsers(sql),
  memory: () => new MemoryUsers(),
});
