/** When accounts were last online, in MongooseIM's table. */
import { type AccountKey, accountKey, defineStore, type Sql, statement, table } from '../../core/storage/index.js';

export interface LastSeen {
  /** Since 1970. */
  readonly seconds: number;
  /** Text of the last unavailable presence; may be empty. */
  readonly status: string;
}

/** Writes are durable when the promise resolves. */
export interface LastStore {
  get(account: AccountKey): Promise<LastSeen | undefined>;
  put(account: AccountKey, seen: LastSeen): Promise<void>;
  delete(account: AccountKey): Promise<void>;
  /** Accounts of a domain that were seen after that moment. */
  countSince(domain: string, seconds: number): Promise<number>;
}

const last = table(
  'last',
  {
    server: 'varchar(250)',
    username: 'varchar(250)',
    seconds: 'integer NOT NULL',
    state: 'text NOT NULL',
  },
  { primaryKey: ['server', 'username'], indexes: { i_last_server_seconds: ['server', 'seconds'] } },
);

const GET = statement<{ readonly seconds: number; readonly state: string }>(
  'SELECT seconds, state FROM last WHERE server = $1 AND username = $2',
);
const PUT = statement(
  'INSERT INTO last (server, username, seconds, state) VALUES ($1, $2, $3, $4) ' +
    'ON CONFLICT (server, username) DO UPDATE SET seconds = excluded.seconds, state = excluded.state',
);
const DELETE = statement('DELETE FROM last WHERE server = $1 AND username = $2');
const COUNT = statement<{ readonly total: number }>(
  'SELECT COUNT(*) AS total FROM last WHERE server = $1 AND seconds > $2',
);

class SqlLast implements LastStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async get({ local, domain }: AccountKey): Promise<LastSeen | undefined> {
    const [row] = await this.#sql.read(GET, [domain, local]);
    return row && { seconds: row.seconds, status: row.state };
  }

  async put({ local, domain }: AccountKey, { seconds, status }: LastSeen): Promise<void> {
    await this.#sql.write(PUT, [domain, local, seconds, status]);
  }

  async delete({ local, domain }: AccountKey): Promise<void> {
    await this.#sql.write(DELETE, [domain, local]);
  }

  async countSince(domain: string, seconds: number): Promise<number> {
    const [row] = await this.#sql.read(COUNT, [domain, seconds]);
    return row?.total ?? 0;
  }
}

class MemoryLast implements LastStore {
  readonly #seen = new Map<string, LastSeen & { readonly domain: string }>();

  async get(account: AccountKey): Promise<LastSeen | undefined> {
    const found = this.#seen.get(accountKey(account));
    return found && { seconds: found.seconds, status: found.status };
  }

  async put(account: AccountKey, seen: LastSeen): Promise<void> {
    this.#seen.set(accountKey(account), { ...seen, domain: account.domain });
  }

  async delete(account: AccountKey): Promise<void> {
    this.#seen.delete(accountKey(account));
  }

  async countSince(domain: string, seconds: number): Promise<number> {
    return [...this.#seen.values()].filter((seen) => seen.domain === domain && seen.seconds > seconds).length;
  }
}

export const lastStore = defineStore<LastStore>({
  name: 'last',
  tables: [last],
  sql: (sql) => new SqlLast(sql),
  memory: () => new MemoryLast(),
});
