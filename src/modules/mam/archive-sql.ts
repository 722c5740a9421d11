/** Archives in SQL. */
import {
  type AccountKey,
  accountKey,
  rareStatement,
  type Sql,
  type SqlValue,
  type Statement,
  type Step,
  statement,
  step,
} from '../../core/storage/index.js';
import { MAX_ID } from './archive-id.js';
import type {
  ArchiveOwner,
  ArchiveStore,
  Behaviour,
  Behaviours,
  MessageFilter,
  MessagePage,
  NewMessage,
  RetractedMessage,
  RetractionTarget,
  StoredMessage,
} from './archive-store.js';
import { insertSteps } from './insert-sql.js';

/** SQLite would hand out a number that is not exact. */
const ID = 'CAST(id AS text) AS uid';

const FIND = statement<{ id: number; last_id: string | null }>(
  'SELECT id, (SELECT CAST(MAX(m.id) AS text) FROM mam_message m WHERE m.user_id = u.id) AS last_id ' +
    'FROM mam_server_user u WHERE server = $1 AND user_name = $2',
);
const NEW_USER = statement('INSERT INTO mam_server_user (server, user_name) VALUES ($1, $2) ON CONFLICT DO NOTHING');
const USER_ID = statement<{ id: number }>('SELECT id FROM mam_server_user WHERE server = $1 AND user_name = $2');
const OUTER = (isBackwards: boolean) => {
  const [sign, order, opposite] = isBackwards ? ['<=', 'id DESC', 'id'] : ['>=', 'id', 'id DESC'];
  const select = `SELECT ${ID} FROM mam_message WHERE user_id = $1 AND id ${sign} $2 ORDER BY`;
  return {
    further: statement<{ uid: string }>(`${select} ${order} LIMIT 1 OFFSET $3`),
    outermost: statement<{ uid: string }>(`${select} ${opposite} LIMIT 1`),
  };
};
const ONWARDS = OUTER(false);
const BACKWARDS = OUTER(true);
const OF_REMOTE = 'FROM mam_message WHERE user_id = $1 AND remote_bare_jid = $2 AND direction = $3';
/** Ordered by a sum, because by its ids SQLite would go through the whole conversation, which somebody may ask for on purpose. */
const BY_ORIGIN = statement<RetractionRow>(
  `SELECT ${ID}, origin_id, message ${OF_REMOTE} AND origin_id = $4 ORDER BY id + 0 DESC LIMIT 1`,
);
const BY_ID = statement<RetractionRow>(`SELECT ${ID}, origin_id, message ${OF_REMOTE} AND id = $4`);
const REPLACE = statement("UPDATE mam_message SET message = $1, search_body = '' WHERE user_id = $2 AND id = $3");
const BEHAVIOURS = statement<{ remote_jid: string; behaviour: Behaviour }>(
  'SELECT remote_jid, behaviour FROM mam_config WHERE user_id = $1 ORDER BY remote_jid',
);
const FORGET_BEHAVIOURS = statement('DELETE FROM mam_config WHERE user_id = $1');
const MY_ID = '(SELECT id FROM mam_server_user WHERE server = $1 AND user_name = $2)';
const FORGET_MY_BEHAVIOURS = statement(`DELETE FROM mam_config WHERE user_id = ${MY_ID}`);
const ADD_BEHAVIOUR = statement(`INSERT INTO mam_config (user_id, remote_jid, behaviour) VALUES (${MY_ID}, $3, $4)`);
const OLDEST = (rule: string) =>
  'DELETE FROM mam_message WHERE user_id = $1 AND id IN ' +
  `(SELECT id FROM mam_message WHERE user_id = $1 AND ${rule} ORDER BY id LIMIT $3)`;
const TRIM_BEFORE = statement(OLDEST('id < $2'));
const TRIM_BEYOND = statement(
  OLDEST('id <= (SELECT id FROM mam_message WHERE user_id = $1 ORDER BY id DESC LIMIT 1 OFFSET $2)'),
);
const ARCHIVES = statement<{ id: number; server: string }>(
  'SELECT id, server FROM mam_server_user WHERE id > $1 ORDER BY id LIMIT $2',
);
const SIZES = statement<{ uid: string; bytes: number }>(
  `SELECT ${ID}, OCTET_LENGTH(message) AS bytes FROM mam_message WHERE user_id = $1 AND id < $2 ORDER BY id DESC LIMIT $3`,
);
const FORGET_USER = statement('DELETE FROM mam_server_user WHERE id = $1');

interface RetractionRow {
  readonly uid: string;
  readonly origin_id: string | null;
  readonly message: string | Uint8Array;
}

interface MessageRow {
  readonly uid: string;
  readonly from_jid: string;
  readonly message: string | Uint8Array;
}

/** The narrow columns of PostgreSQL's tables; SQLite takes any length. */
const MAX_ADDRESS_LENGTH = 250;

export class SqlArchive implements ArchiveStore {
  readonly maxAddressLength: number | undefined;
  readonly #sql: Sql;
  /** By their text: there are as many as kinds of filters. */
  readonly #statements = new Map<string, Statement<object>>();

  constructor(sql: Sql) {
    this.#sql = sql;
    this.maxAddressLength = sql.dialect === 'pgsql' ? MAX_ADDRESS_LENGTH : undefined;
  }

  async find({ local, domain }: AccountKey): Promise<{ userId: number; lastId: bigint } | undefined> {
    const [row] = await this.#sql.read(FIND, [domain, local]);
    return row && { userId: row.id, lastId: BigInt(row.last_id ?? 0) };
  }

  async insert(messages: readonly NewMessage[]): Promise<void> {
    const strangers = new Map<string, ArchiveOwner>();
    for (const { owner } of messages) if (owner.userId === undefined) strangers.set(accountKey(owner), owner);
    const introductions = [...strangers.values()].map(({ local, domain }) => step(NEW_USER, [domain, local]));
    await this.#sql.transaction([...introductions, ...insertSteps(messages, this.#sql.dialect)]);
    for (const owner of strangers.values()) {
      const [row] = await this.#sql.read(USER_ID, [owner.domain, owner.local]);
      // Whoever asks for the same account has another object, or has been told in the meantime.
      for (const message of messages) if (sameAccount(message.owner, owner)) message.owner.userId ??= row?.id;
    }
  }

  async load(filter: MessageFilter, { limit, offset = 0, isFromEnd = false }: MessagePage): Promise<StoredMessage[]> {
    const { where, values } = conditions(filter, this.#sql.dialect);
    const order = isFromEnd ? 'id DESC' : 'id';
    const skip = offset === 0 ? '' : ` OFFSET $${values.length + 2}`;
    const text = `SELECT ${ID}, from_jid, message FROM mam_message WHERE ${where} ORDER BY ${order} LIMIT $${values.length + 1}${skip}`;
    const all = [...values, limit, ...(offset === 0 ? [] : [offset])];
    const rows = await this.#sql.read(this.#statement<MessageRow>(text, filter), all);
    const messages = rows.map(({ uid, from_jid, message }) => ({ id: BigInt(uid), from: from_jid, message }));
    return isFromEnd ? messages.reverse() : messages;
  }

  async count(filter: MessageFilter, limit: number): Promise<number> {
    const { where, values } = conditions(filter, this.#sql.dialect);
    const text = `SELECT COUNT(*) AS total FROM (SELECT 1 FROM mam_message WHERE ${where} LIMIT $${values.length + 1}) AS counted`;
    const [row] = await this.#sql.read(this.#statement<{ total: number }>(text, filter), [...values, limit]);
    return row?.total ?? 0;
  }

  async present(userId: number, ids: readonly bigint[]): Promise<Set<bigint>> {
    const found = new Set<bigint>();
    for (const id of ids) {
      const [row] = await this.#sql.read(PRESENT, [userId, id]);
      if (row) found.add(id);
    }
    return found;
  }

  async idFurther(userId: number, fromId: bigint, messages: number, isBackwards = false): Promise<bigint | undefined> {
    const { further, outermost } = isBackwards ? BACKWARDS : ONWARDS;
    const [row] = await this.#sql.read(further, [userId, fromId, messages]);
    if (row) return BigInt(row.uid);
    const [last] = await this.#sql.read(outermost, [userId, fromId]);
    return last && BigInt(last.uid);
  }

  async findRetracted(userId: number, target: RetractionTarget): Promise<RetractedMessage | undefined> {
    const { remote, direction, id, originId } = target;
    const of = [userId, remote, direction];
    const rows =
      id === undefined
        ? await this.#sql.read(BY_ORIGIN, [...of, originId ?? null])
        : await this.#sql.read(BY_ID, [...of, id]);
    const [row] = rows;
    return row && { id: BigInt(row.uid), originId: row.origin_id ?? undefined, message: row.message };
  }

  async replace(userId: number, id: bigint, message: string | Uint8Array): Promise<void> {
    await this.#sql.write(REPLACE, [bytes(message, this.#sql.dialect), userId, id]);
  }

  async behaviours(userId: number): Promise<Behaviours> {
    const rows = await this.#sql.read(BEHAVIOURS, [userId]);
    return new Map(rows.map(({ remote_jid, behaviour }) => [remote_jid, behaviour]));
  }

  async setBehaviours(owner: ArchiveOwner, behaviours: Behaviours): Promise<void> {
    const account = [owner.domain, owner.local];
    const steps: Step[] = [step(NEW_USER, account), step(FORGET_MY_BEHAVIOURS, account)];
    for (const [remote, behaviour] of [...behaviours].sort(([one], [other]) => (one < other ? -1 : 1)))
      steps.push(step(ADD_BEHAVIOUR, [...account, remote, behaviour]));
    await this.#sql.transaction(steps);
    owner.userId ??= (await this.#sql.read(USER_ID, account))[0]?.id;
  }

  async trim(userId: number, rule: { beforeId?: bigint; keep?: number }, limit: number): Promise<number> {
    const { beforeId, keep } = rule;
    const write =
      beforeId === undefined
        ? this.#sql.write(TRIM_BEYOND, [userId, keep ?? 0, limit])
        : this.#sql.write(TRIM_BEFORE, [userId, beforeId < MAX_ID ? beforeId : MAX_ID, limit]);
    return (await write).changes;
  }

  async sizes(userId: number, belowId: bigint, limit: number): Promise<{ id: bigint; bytes: number }[]> {
    const rows = await this.#sql.read(SIZES, [userId, belowId, limit]);
    return rows.map(({ uid, bytes }) => ({ id: BigInt(uid), bytes }));
  }

  async archives(after: number, limit: number): Promise<{ userId: number; domain: string }[]> {
    const rows = await this.#sql.read(ARCHIVES, [after, limit]);
    return rows.map(({ id, server }) => ({ userId: id, domain: server }));
  }

  async remove(userId: number): Promise<void> {
    await this.#sql.transaction([step(FORGET_BEHAVIOURS, [userId]), step(FORGET_USER, [userId])]);
  }

  /** A search reads so much that preparing it anew does not count, and has too many forms to be kept. */
  #statement<R extends object>(text: string, { words }: MessageFilter): Statement<R> {
    if (words && words.length > 0) return rareStatement<R>(text);
    const known = this.#statements.get(text);
    if (known) return known as Statement<R>;
    const made = statement<R>(text);
    this.#statements.set(text, made);
    return made;
  }
}

const PRESENT = statement<{ there: number }>('SELECT 1 AS there FROM mam_message WHERE user_id = $1 AND id = $2');

/** Bytes where the column holds bytes; SQLite keeps text as it is, which saves it and us the copy. */
function bytes(message: string | Uint8Array, dialect: Sql['dialect']): SqlValue {
  return dialect === 'pgsql' && typeof message === 'string' ? Buffer.from(message) : message;
}

function sameAccount(one: AccountKey, other: AccountKey): boolean {
  return one.local === other.local && one.domain === other.domain;
}

function conditions(filter: MessageFilter, dialect: Sql['dialect']): { where: string; values: SqlValue[] } {
  const values: SqlValue[] = [];
  const terms: string[] = [];
  const add = (term: string, value: SqlValue | undefined) => {
    if (value === undefined) return;
    values.push(value);
    terms.push(`${term} $${values.length}`);
  };
  add('user_id =', filter.userId);
  add('remote_bare_jid =', filter.remote);
  add('remote_resource =', filter.remoteResource);
  add('id >=', filter.fromId);
  add('id <=', filter.toId);
  // Everything that has a meaning in a pattern but `_`, which stands for itself among others, has gone from the words.
  for (const word of filter.words ?? []) add('search_body LIKE', `%${word}%`);
  if (filter.withoutGroupchat) terms.push(dialect === 'pgsql' ? 'NOT is_groupchat' : 'is_groupchat = 0');
  return { where: terms.join(' AND '), values };
}
