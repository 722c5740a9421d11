/** Messages for accounts that nobody reads, in MongooseIM's table. */
import {
  type AccountKey,
  accountKey,
  defineStore,
  limitValue,
  type Sql,
  statement,
  table,
} from '../../core/storage/index.js';

export interface OfflineMessage {
  /** Full address of the sender. */
  readonly from: string;
  readonly xml: string;
  /** Microseconds since 1970. */
  readonly timestampUs: number;
  /** Microseconds since 1970 at which the message is worth nothing any more; never, when unset. */
  readonly expireUs?: number | undefined;
}

export interface KeptMessage extends OfflineMessage {
  readonly id: number;
}

/** Writes are durable when the promise resolves. */
export interface OfflineStore {
  /** Returns false, and keeps nothing, when `limit` messages of the account are there already, expired ones included. */
  push(account: AccountKey, message: OfflineMessage, limit: number): Promise<boolean>;
  /** All messages, those that came first at the front; expired ones included. */
  load(account: AccountKey): Promise<KeptMessage[]>;
  remove(account: AccountKey, ids: readonly number[]): Promise<void>;
  /** Expired ones included. */
  count(account: AccountKey): Promise<number>;
  removeAccount(account: AccountKey): Promise<void>;
  /** Returns how many were removed. */
  removeExpired(domain: string, nowUs: number): Promise<number>;
  /** Removes what came before that moment, and returns how many. */
  removeOlder(domain: string, beforeUs: number): Promise<number>;
}

const offlineMessage = table(
  'offline_message',
  {
    id: 'serial',
    timestamp: 'bigint NOT NULL',
    expire: 'bigint',
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    from_jid: 'varchar(250) NOT NULL',
    packet: 'text NOT NULL',
    // Routing metadata of MongooseIM as an Erlang term. We neither need nor write it; it may be NULL there too.
    permanent_fields: 'bytea',
  },
  { primaryKey: ['id'], indexes: { i_offline_message: ['server', 'username', 'id'] } },
);

interface MessageRow {
  readonly id: number;
  readonly timestamp: number;
  readonly expire: number | null;
  readonly from_jid: string;
  readonly packet: string;
}

// The inner LIMIT keeps the count cheap for an account whose messages are many.
const PUSH = statement(
  'INSERT INTO offline_message (server, username, timestamp, expire, from_jid, packet) ' +
    'SELECT CAST($1 AS text), CAST($2 AS text), CAST($3 AS bigint), CAST($4 AS bigint), CAST($5 AS text), CAST($6 AS text) ' +
    'WHERE (SELECT COUNT(*) FROM (SELECT 1 FROM offline_message WHERE server = $1 AND username = $2 ' +
    'LIMIT CAST($7 AS bigint)) AS kept) < CAST($7 AS bigint)',
);
const LOAD = statement<MessageRow>(
  'SELECT id, timestamp, expire, from_jid, packet FROM offline_message WHERE server = $1 AND username = $2 ORDER BY id',
);
const REMOVE_WHERE = 'DELETE FROM offline_message WHERE server = $1 AND username = $2 AND id IN';
const REMOVE = statement({
  sqlite: `${REMOVE_WHERE} (SELECT value FROM json_each($3))`,
  pgsql: `${REMOVE_WHERE} (SELECT CAST(value AS integer) FROM json_array_elements_text(CAST($3 AS json)))`,
});
const COUNT = statement<{ readonly total: number }>(
  'SELECT COUNT(*) AS total FROM offline_message WHERE server = $1 AND username = $2',
);
const REMOVE_ACCOUNT = statement('DELETE FROM offline_message WHERE server = $1 AND username = $2');
const REMOVE_EXPIRED = statement(
  'DELETE FROM offline_message WHERE server = $1 AND expire IS NOT NULL AND expire <= $2',
);
const REMOVE_OLDER = statement('DELETE FROM offline_message WHERE server = $1 AND timestamp < $2');

class SqlOffline implements OfflineStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async push({ local, domain }: AccountKey, message: OfflineMessage, limit: number): Promise<boolean> {
    const { from, xml, timestampUs, expireUs } = message;
    const values = [domain, local, timestampUs, expireUs ?? null, from, xml, limitValue(limit)];
    const { changes } = await this.#sql.write(PUSH, values);
    return changes > 0;
  }

  async load({ local, domain }: AccountKey): Promise<KeptMessage[]> {
    const rows = await this.#sql.read(LOAD, [domain, local]);
    return rows.map(({ id, from_jid, packet, timestamp, expire }) => ({
      id,
      from: from_jid,
      xml: packet,
      timestampUs: timestamp,
      expireUs: expire ?? undefined,
    }));
  }

  async remove({ local, domain }: AccountKey, ids: readonly number[]): Promise<void> {
    await this.#sql.write(REMOVE, [domain, local, JSON.stringify(ids)]);
  }

  async count({ local, domain }: AccountKey): Promise<number> {
    const [row] = await this.#sql.read(COUNT, [domain, local]);
    return row?.total ?? 0;
  }

  async removeAccount({ local, domain }: AccountKey): Promise<void> {
    await this.#sql.write(REMOVE_ACCOUNT, [domain, local]);
  }

  async removeExpired(domain: string, nowUs: number): Promise<number> {
    return (await this.#sql.write(REMOVE_EXPIRED, [domain, nowUs])).changes;
  }

  async removeOlder(domain: string, beforeUs: number): Promise<number> {
    return (await this.#sql.write(REMOVE_OLDER, [domain, beforeUs])).changes;
  }
}

interface Entry {
  readonly id: number;
  readonly account: AccountKey;
  readonly message: OfflineMessage;
}

class MemoryOffline implements OfflineStore {
  #kept: Entry[] = [];
  #lastId = 0;

  async push(account: AccountKey, message: OfflineMessage, limit: number): Promise<boolean> {
    if (this.#of(account).length >= limit) return false;
    this.#kept.push({ id: ++this.#lastId, account: { local: account.local, domain: account.domain }, message });
    return true;
  }

  async load(account: AccountKey): Promise<KeptMessage[]> {
    return this.#of(account).map(({ id, message: { from, xml, timestampUs, expireUs } }) => ({
      id,
      from,
      xml,
      timestampUs,
      expireUs,
    }));
  }

  async remove(account: AccountKey, ids: readonly number[]): Promise<void> {
    this.#remove((entry) => ids.includes(entry.id) && accountKey(entry.account) === accountKey(account));
  }

  async count(account: AccountKey): Promise<number> {
    return this.#of(account).length;
  }

  async removeAccount(account: AccountKey): Promise<void> {
    this.#remove((entry) => accountKey(entry.account) === accountKey(account));
  }

  async removeExpired(domain: string, nowUs: number): Promise<number> {
    return this.#remove(
      ({ account, message }) => account.domain === domain && (message.expireUs ?? Number.POSITIVE_INFINITY) <= nowUs,
    );
  }

  async removeOlder(domain: string, beforeUs: number): Promise<number> {
    return this.#remove(({ account, message }) => account.domain === domain && message.timestampUs < beforeUs);
  }

  #of(account: AccountKey): Entry[] {
    return this.#kept.filter((entry) => accountKey(entry.account) === accountKey(account));
  }

  #remove(goes: (entry: Entry) => boolean): number {
    const before = this.#kept.length;
    this.#kept = this.#kept.filter((entry) => !goes(entry));
    return before - this.#kept.length;
  }
}

export const offlineStore = defineStore<OfflineStore>({
  name: 'offline',
  tables: [offlineMessage],
  sql: (sql) => new SqlOffline(sql),
  memory: () => new MemoryOffline(),
});
