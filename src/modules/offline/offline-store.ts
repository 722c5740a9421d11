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
  /** Those that came later have greater ones. */
  readonly id: number;
}

/** What tells a message from the others without its content. */
export interface MessageHeader {
  readonly id: number;
  readonly from: string;
  readonly expireUs?: number | undefined;
  /** The message itself, where its sender has no resource: a long address stands there only. */
  readonly xml?: string | undefined;
}

/** Writes are durable when the promise resolves. */
export interface OfflineStore {
  /** Returns false, and keeps nothing, when `limit` messages of the account are there already, expired ones included. */
  push(account: AccountKey, message: OfflineMessage, limit: number): Promise<boolean>;
  /** At most `limit` messages that came after that one, in the order in which they came; expired ones included. */
  load(account: AccountKey, after?: number, limit?: number): Promise<KeptMessage[]>;
  /** These messages, as far as the account has them, in the order in which they came. */
  pick(account: AccountKey, ids: readonly number[]): Promise<KeptMessage[]>;
  /** Of all messages, in the order in which they came; expired ones included. */
  headers(account: AccountKey): Promise<MessageHeader[]>;
  remove(account: AccountKey, ids: readonly number[]): Promise<void>;
  /** Expired ones included. */
  count(account: AccountKey): Promise<number>;
  removeAccount(account: AccountKey): Promise<void>;
  /** Returns how many were removed. */
  removeExpiredOf(account: AccountKey, nowUs: number): Promise<number>;
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
const OF_ACCOUNT = 'FROM offline_message WHERE server = $1 AND username = $2';
const LOAD = statement<MessageRow>(
  `SELECT id, timestamp, expire, from_jid, packet ${OF_ACCOUNT} AND id > $3 ORDER BY id LIMIT $4`,
);
const PICK = `SELECT id, timestamp, expire, from_jid, packet ${OF_ACCOUNT} AND id IN`;
const REMOVE_WHERE = `DELETE ${OF_ACCOUNT} AND id IN`;
const IDS_SQLITE = '(SELECT value FROM json_each($3))';
const IDS_PGSQL = '(SELECT CAST(value AS bigint) FROM json_array_elements_text(CAST($3 AS json)))';
const PICK_IDS = statement<MessageRow>({
  sqlite: `${PICK} ${IDS_SQLITE} ORDER BY id`,
  pgsql: `${PICK} ${IDS_PGSQL} ORDER BY id`,
});
const HEADERS = statement<Omit<MessageRow, 'packet'> & { readonly packet: string | null }>(
  `SELECT id, timestamp, expire, from_jid, CASE WHEN from_jid LIKE '%/%' THEN NULL ELSE packet END AS packet ` +
    `${OF_ACCOUNT} ORDER BY id`,
);
const REMOVE = statement({
  sqlite: `${REMOVE_WHERE} ${IDS_SQLITE}`,
  pgsql: `${REMOVE_WHERE} ${IDS_PGSQL}`,
});
const REMOVE_EXPIRED_OF = statement(`DELETE ${OF_ACCOUNT} AND expire IS NOT NULL AND expire <= $3`);
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

  async load({ local, domain }: AccountKey, after = 0, limit?: number): Promise<KeptMessage[]> {
    return (await this.#sql.read(LOAD, [domain, local, after, limitValue(limit)])).map(fromRow);
  }

  async pick({ local, domain }: AccountKey, ids: readonly number[]): Promise<KeptMessage[]> {
    return (await this.#sql.read(PICK_IDS, [domain, local, JSON.stringify(ids)])).map(fromRow);
  }

  async headers({ local, domain }: AccountKey): Promise<MessageHeader[]> {
    const rows = await this.#sql.read(HEADERS, [domain, local]);
    return rows.map(({ id, from_jid, expire, packet }) => ({
      id,
      from: from_jid,
      expireUs: expire ?? undefined,
      xml: packet ?? undefined,
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

  async removeExpiredOf({ local, domain }: AccountKey, nowUs: number): Promise<number> {
    return (await this.#sql.write(REMOVE_EXPIRED_OF, [domain, local, nowUs])).changes;
  }

  async removeExpired(domain: string, nowUs: number): Promise<number> {
    return (await this.#sql.write(REMOVE_EXPIRED, [domain, nowUs])).changes;
  }

  async removeOlder(domain: string, beforeUs: number): Promise<number> {
    return (await this.#sql.write(REMOVE_OLDER, [domain, beforeUs])).changes;
  }
}

function fromRow({ id, from_jid, packet, timestamp, expire }: MessageRow): KeptMessage {
  return { id, from: from_jid, xml: packet, timestampUs: timestamp, expireUs: expire ?? undefined };
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

  async load(account: AccountKey, after = 0, limit?: number): Promise<KeptMessage[]> {
    return this.#all(account)
      .filter(({ id }) => id > after)
      .slice(0, limit);
  }

  async pick(account: AccountKey, ids: readonly number[]): Promise<KeptMessage[]> {
    return this.#all(account).filter(({ id }) => ids.includes(id));
  }

  async headers(account: AccountKey): Promise<MessageHeader[]> {
    return this.#all(account).map(({ id, from, expireUs, xml }) => ({
      id,
      from,
      expireUs,
      xml: from.includes('/') ? undefined : xml,
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

  async removeExpiredOf(account: AccountKey, nowUs: number): Promise<number> {
    return this.#remove(
      (entry) =>
        accountKey(entry.account) === accountKey(account) &&
        (entry.message.expireUs ?? Number.POSITIVE_INFINITY) <= nowUs,
    );
  }

  async removeExpired(domain: string, nowUs: number): Promise<number> {
    return this.#remove(
      ({ account, message }) => account.domain === domain && (message.expireUs ?? Number.POSITIVE_INFINITY) <= nowUs,
    );
  }

  async removeOlder(domain: string, beforeUs: number): Promise<number> {
    return this.#remove(({ account, message }) => account.domain === domain && message.timestampUs < beforeUs);
  }

  #all(account: AccountKey): KeptMessage[] {
    return this.#of(account).map(({ id, message: { from, xml, timestampUs, expireUs } }) => ({
      id,
      from,
      xml,
      timestampUs,
      expireUs,
    }));
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
