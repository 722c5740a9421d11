/** Privacy lists in MongooseIM's tables. */
import {
  type AccountKey,
  accountKey,
  defineStore,
  type Sql,
  type SqlValue,
  type Step,
  StorageError,
  statement,
  step,
  table,
} from '../../core/storage/index.js';
import { ALL_KINDS, type ItemAction, type ItemType, kind, type PrivacyItem } from './privacy-list.js';

export interface ListNames {
  readonly default: string | undefined;
  readonly lists: readonly string[];
}

export interface KeptList {
  readonly name: string;
  /** Without order. */
  readonly items: readonly PrivacyItem[];
}

export interface PutOptions {
  /** Makes it the default list, too. */
  readonly asDefault?: boolean;
  /** What the list holds now, where that is known: only what differs is written. */
  readonly before?: readonly PrivacyItem[];
}

/** Writes are durable when the promise resolves. */
export interface PrivacyStore {
  /** The list that applies to the whole account; `undefined` when none does. */
  defaultList(account: AccountKey): Promise<KeptList | undefined>;
  names(account: AccountKey): Promise<ListNames>;
  list(account: AccountKey, name: string): Promise<KeptList | undefined>;
  /** Makes the list, or gives it other items. */
  put(account: AccountKey, list: KeptList, options?: PutOptions): Promise<void>;
  /** The default list is none any more when it is this one. */
  remove(account: AccountKey, name: string): Promise<void>;
  /** The list has to exist; without a name there is no default list any more. */
  setDefault(account: AccountKey, name: string | undefined): Promise<void>;
  /** Everything of the account. */
  removeAccount(account: AccountKey): Promise<void>;
}

const defaults = table(
  'privacy_default_list',
  { server: 'varchar(250)', username: 'varchar(250)', name: 'text NOT NULL' },
  { primaryKey: ['server', 'username'] },
);

const lists = table(
  'privacy_list',
  {
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    name: 'text NOT NULL',
    id: 'serial',
    created_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  { primaryKey: ['id'], unique: { i_privacy_list_server_username_name: ['server', 'username', 'name'] } },
);

const items = table(
  'privacy_list_data',
  {
    id: 'bigint',
    t: 'character(1) NOT NULL',
    value: 'text NOT NULL',
    action: 'character(1) NOT NULL',
    ord: 'int NOT NULL',
    match_all: 'boolean NOT NULL',
    match_iq: 'boolean NOT NULL',
    match_message: 'boolean NOT NULL',
    match_presence_in: 'boolean NOT NULL',
    match_presence_out: 'boolean NOT NULL',
  },
  { primaryKey: ['id', 'ord'] },
);

const OF_ACCOUNT = 'server = $1 AND username = $2';
const ID = `(SELECT id FROM privacy_list WHERE ${OF_ACCOUNT} AND name = $3)`;
const FLAGS = ['all', 'iq', 'message', 'presence_in', 'presence_out'];
// Truth values are read as numbers: the two databases give them in different shapes.
const ITEM =
  'd.ord, d.t, d.value, d.action, ' +
  FLAGS.map((flag) => `CASE WHEN d.match_${flag} THEN 1 ELSE 0 END AS on_${flag}`).join(', ');

interface ItemRow {
  readonly name: string;
  /** `null` stands for a list without items. */
  readonly ord: number | null;
  readonly t: string;
  readonly value: string;
  readonly action: string;
  readonly on_all: number;
  readonly on_iq: number;
  readonly on_message: number;
  readonly on_presence_in: number;
  readonly on_presence_out: number;
}

// One statement: an account without lists costs one look-up.
const DEFAULT_LIST = statement<ItemRow>(
  `SELECT l.name, ${ITEM} FROM privacy_default_list f ` +
    'JOIN privacy_list l ON l.server = f.server AND l.username = f.username AND l.name = f.name ' +
    'LEFT JOIN privacy_list_data d ON d.id = l.id WHERE f.server = $1 AND f.username = $2',
);
const LIST = statement<ItemRow>(
  `SELECT l.name, ${ITEM} FROM privacy_list l LEFT JOIN privacy_list_data d ON d.id = l.id ` +
    'WHERE l.server = $1 AND l.username = $2 AND l.name = $3',
);
const NAMES = statement<{ readonly name: string; readonly standard: string | null }>(
  'SELECT l.name, f.name AS standard FROM privacy_list l ' +
    'LEFT JOIN privacy_default_list f ON f.server = l.server AND f.username = l.username ' +
    'WHERE l.server = $1 AND l.username = $2',
);
// Older databases have no unique index that ON CONFLICT could name.
const ADD_LIST = statement(
  'INSERT INTO privacy_list (server, username, name) SELECT CAST($1 AS varchar(250)), CAST($2 AS varchar(250)), CAST($3 AS text) ' +
    `WHERE NOT EXISTS ${ID}`,
);
const ADD_ITEM = statement(
  'INSERT INTO privacy_list_data (id, ord, t, value, action, ' +
    `${FLAGS.map((flag) => `match_${flag}`).join(', ')}) VALUES (${ID}, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
);
const REMOVE_ITEM = statement(`DELETE FROM privacy_list_data WHERE id = ${ID} AND ord = $4`);
const CLEAR = statement(`DELETE FROM privacy_list_data WHERE id = ${ID}`);
const REMOVE = statement(`DELETE FROM privacy_list WHERE ${OF_ACCOUNT} AND name = $3`);
const UNSET_IF = statement(`DELETE FROM privacy_default_list WHERE ${OF_ACCOUNT} AND name = $3`);
const UNSET = statement(`DELETE FROM privacy_default_list WHERE ${OF_ACCOUNT}`);
const SET_DEFAULT = statement(
  'INSERT INTO privacy_default_list (server, username, name) VALUES ($1, $2, $3) ' +
    'ON CONFLICT (server, username) DO UPDATE SET name = excluded.name',
);
const CLEAR_ALL = statement(
  `DELETE FROM privacy_list_data WHERE id IN (SELECT id FROM privacy_list WHERE ${OF_ACCOUNT})`,
);
const REMOVE_ALL = statement(`DELETE FROM privacy_list WHERE ${OF_ACCOUNT}`);

const TYPE_LETTER = { any: 'n', jid: 'j', group: 'g', subscription: 's' } as const;
const ACTION_LETTER = { allow: 'a', deny: 'd', block: 'b' } as const;
const TYPE_OF: Readonly<Record<string, ItemType>> = { n: 'any', j: 'jid', g: 'group', s: 'subscription' };
const ACTION_OF: Readonly<Record<string, ItemAction>> = { a: 'allow', d: 'deny', b: 'block' };

class SqlPrivacy implements PrivacyStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async defaultList({ local, domain }: AccountKey): Promise<KeptList | undefined> {
    return fromRows(await this.#sql.read(DEFAULT_LIST, [domain, local]));
  }

  async names({ local, domain }: AccountKey): Promise<ListNames> {
    const rows = await this.#sql.read(NAMES, [domain, local]);
    const names = rows.map(({ name }) => name);
    const standard = rows[0]?.standard ?? undefined;
    return { default: standard !== undefined && names.includes(standard) ? standard : undefined, lists: names };
  }

  async list({ local, domain }: AccountKey, name: string): Promise<KeptList | undefined> {
    return fromRows(await this.#sql.read(LIST, [domain, local, name]));
  }

  async put({ local, domain }: AccountKey, list: KeptList, { asDefault, before }: PutOptions = {}): Promise<void> {
    const key = [domain, local, list.name];
    const steps: Step[] = [step(ADD_LIST, key)];
    if (!before) steps.push(step(CLEAR, key));
    for (const { order } of without(before ?? [], list.items)) steps.push(step(REMOVE_ITEM, [...key, order]));
    for (const item of without(list.items, before ?? [])) steps.push(step(ADD_ITEM, [...key, ...toRow(item)]));
    if (asDefault) steps.push(step(SET_DEFAULT, key));
    await this.#sql.transaction(steps);
  }

  async remove({ local, domain }: AccountKey, name: string): Promise<void> {
    const key = [domain, local, name];
    await this.#sql.transaction([step(CLEAR, key), step(REMOVE, key), step(UNSET_IF, key)]);
  }

  async setDefault({ local, domain }: AccountKey, name: string | undefined): Promise<void> {
    if (name === undefined) await this.#sql.write(UNSET, [domain, local]);
    else await this.#sql.write(SET_DEFAULT, [domain, local, name]);
  }

  async removeAccount({ local, domain }: AccountKey): Promise<void> {
    const key = [domain, local];
    await this.#sql.transaction([step(CLEAR_ALL, key), step(REMOVE_ALL, key), step(UNSET, key)]);
  }
}

/** Those items that the other list does not have just so. */
function without(items: readonly PrivacyItem[], other: readonly PrivacyItem[]): PrivacyItem[] {
  const rows = new Set(other.map((item) => JSON.stringify(toRow(item))));
  return items.filter((item) => !rows.has(JSON.stringify(toRow(item))));
}

function fromRows(rows: readonly ItemRow[]): KeptList | undefined {
  const [first] = rows;
  return first && { name: first.name, items: rows.filter(({ ord }) => ord !== null).map(fromRow) };
}

/** What cannot be understood forbids: a rule that was meant to protect must not vanish. */
function fromRow(row: ItemRow): PrivacyItem {
  const type = TYPE_OF[row.t] ?? 'any';
  return {
    order: Number(row.ord),
    type,
    value: type === 'any' ? '' : row.value,
    action: ACTION_OF[row.action] ?? 'deny',
    kinds: row.on_all
      ? ALL_KINDS
      : (row.on_iq ? kind.IQ : 0) |
        (row.on_message ? kind.MESSAGE : 0) |
        (row.on_presence_in ? kind.PRESENCE_IN : 0) |
        (row.on_presence_out ? kind.PRESENCE_OUT : 0),
  };
}

function toRow({ order, type, value, action, kinds }: PrivacyItem): SqlValue[] {
  const isAll = kinds === ALL_KINDS;
  const flag = (bit: number) => (!isAll && (kinds & bit) !== 0 ? 1 : 0);
  return [
    order,
    TYPE_LETTER[type],
    type === 'any' ? 'none' : value,
    ACTION_LETTER[action],
    isAll ? 1 : 0,
    flag(kind.IQ),
    flag(kind.MESSAGE),
    flag(kind.PRESENCE_IN),
    flag(kind.PRESENCE_OUT),
  ];
}

class MemoryPrivacy implements PrivacyStore {
  readonly #lists = new Map<string, Map<string, KeptList>>();
  readonly #defaults = new Map<string, string>();

  async defaultList(account: AccountKey): Promise<KeptList | undefined> {
    const name = this.#defaults.get(accountKey(account));
    return name === undefined ? undefined : this.#of(account).get(name);
  }

  async names(account: AccountKey): Promise<ListNames> {
    return { default: this.#defaults.get(accountKey(account)), lists: [...this.#of(account).keys()] };
  }

  async list(account: AccountKey, name: string): Promise<KeptList | undefined> {
    return this.#of(account).get(name);
  }

  async put(account: AccountKey, list: KeptList, { asDefault }: PutOptions = {}): Promise<void> {
    if (new Set(list.items.map(({ order }) => order)).size < list.items.length)
      throw new StorageError('constraint', 'two items of a list have the same order');
    const kept = this.#of(account);
    this.#lists.set(accountKey(account), kept.set(list.name, { name: list.name, items: [...list.items] }));
    if (asDefault) this.#defaults.set(accountKey(account), list.name);
  }

  async remove(account: AccountKey, name: string): Promise<void> {
    this.#of(account).delete(name);
    if (this.#defaults.get(accountKey(account)) === name) this.#defaults.delete(accountKey(account));
  }

  async setDefault(account: AccountKey, name: string | undefined): Promise<void> {
    if (name === undefined) this.#defaults.delete(accountKey(account));
    else this.#defaults.set(accountKey(account), name);
  }

  async removeAccount(account: AccountKey): Promise<void> {
    this.#lists.delete(accountKey(account));
    this.#defaults.delete(accountKey(account));
  }

  #of(account: AccountKey): Map<string, KeptList> {
    return this.#lists.get(accountKey(account)) ?? new Map();
  }
}

export const privacyStore = defineStore<PrivacyStore>({
  name: 'privacy',
  tables: [defaults, lists, items],
  sql: (sql) => new SqlPrivacy(sql),
  memory: () => new MemoryPrivacy(),
});
