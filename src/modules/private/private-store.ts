/** Private XML, one element for each namespace, in MongooseIM's table. */
import {
  type AccountKey,
  accountKey,
  defineStore,
  type Sql,
  statement,
  step,
  table,
} from '../../core/storage/index.js';

export interface PrivateElement {
  readonly namespace: string;
  readonly xml: string;
}

/** What one namespace takes. */
export interface PrivateSize {
  readonly namespace: string;
  readonly bytes: number;
}

/** Writes are durable when the promise resolves. */
export interface PrivateStore {
  get(account: AccountKey, namespace: string): Promise<string | undefined>;
  /** All of them or none. Each takes the place of what its namespace held; the last of a namespace stays. */
  put(account: AccountKey, elements: readonly PrivateElement[]): Promise<void>;
  /** Without order. */
  all(account: AccountKey): Promise<PrivateElement[]>;
  /** Of everything that is kept; without order. */
  sizes(account: AccountKey): Promise<PrivateSize[]>;
  removeAccount(account: AccountKey): Promise<void>;
}

const privateStorage = table(
  'private_storage',
  {
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    namespace: 'varchar(250) NOT NULL',
    data: 'text NOT NULL',
    created_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  { primaryKey: ['server', 'username', 'namespace'] },
);

const GET = statement<{ readonly data: string }>(
  'SELECT data FROM private_storage WHERE server = $1 AND username = $2 AND namespace = $3',
);
const ALL = statement<{ readonly namespace: string; readonly data: string }>(
  'SELECT namespace, data FROM private_storage WHERE server = $1 AND username = $2',
);
const SIZES_OF = 'AS bytes FROM private_storage WHERE server = $1 AND username = $2';
const SIZES = statement<{ readonly namespace: string; readonly bytes: number }>({
  sqlite: `SELECT namespace, LENGTH(CAST(data AS blob)) ${SIZES_OF}`,
  pgsql: `SELECT namespace, OCTET_LENGTH(data) ${SIZES_OF}`,
});
const PUT = statement(
  'INSERT INTO private_storage (server, username, namespace, data) VALUES ($1, $2, $3, $4) ' +
    'ON CONFLICT (server, username, namespace) DO UPDATE SET data = excluded.data',
);
const REMOVE_ACCOUNT = statement('DELETE FROM private_storage WHERE server = $1 AND username = $2');

class SqlPrivate implements PrivateStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async get({ local, domain }: AccountKey, namespace: string): Promise<string | undefined> {
    const [row] = await this.#sql.read(GET, [domain, local, namespace]);
    return row?.data;
  }

  async put({ local, domain }: AccountKey, elements: readonly PrivateElement[]): Promise<void> {
    await this.#sql.transaction(elements.map(({ namespace, xml }) => step(PUT, [domain, local, namespace, xml])));
  }

  async all({ local, domain }: AccountKey): Promise<PrivateElement[]> {
    const rows = await this.#sql.read(ALL, [domain, local]);
    return rows.map(({ namespace, data }) => ({ namespace, xml: data }));
  }

  async sizes({ local, domain }: AccountKey): Promise<PrivateSize[]> {
    const rows = await this.#sql.read(SIZES, [domain, local]);
    return rows.map(({ namespace, bytes }) => ({ namespace, bytes }));
  }

  async removeAccount({ local, domain }: AccountKey): Promise<void> {
    await this.#sql.write(REMOVE_ACCOUNT, [domain, local]);
  }
}

class MemoryPrivate implements PrivateStore {
  readonly #kept = new Map<string, Map<string, string>>();

  async get(account: AccountKey, namespace: string): Promise<string | undefined> {
    return this.#kept.get(accountKey(account))?.get(namespace);
  }

  async put(account: AccountKey, elements: readonly PrivateElement[]): Promise<void> {
    const kept = this.#kept.get(accountKey(account)) ?? new Map<string, string>();
    for (const { namespace, xml } of elements) kept.set(namespace, xml);
    this.#kept.set(accountKey(account), kept);
  }

  async all(account: AccountKey): Promise<PrivateElement[]> {
    return [...(this.#kept.get(accountKey(account)) ?? [])].map(([namespace, xml]) => ({ namespace, xml }));
  }

  async sizes(account: AccountKey): Promise<PrivateSize[]> {
    return (await this.all(account)).map(({ namespace, xml }) => ({ namespace, bytes: Buffer.byteLength(xml) }));
  }

  async removeAccount(account: AccountKey): Promise<void> {
    this.#kept.delete(accountKey(account));
  }
}

export const privateStore = defineStore<PrivateStore>({
  name: 'private',
  tables: [privateStorage],
  sql: (sql) => new SqlPrivate(sql),
  memory: () => new MemoryPrivate(),
});
