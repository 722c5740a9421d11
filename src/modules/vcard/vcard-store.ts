/** vCards and what they are searched by, in MongooseIM's tables. */
import {
  type AccountKey,
  accountKey,
  defineStore,
  limitValue,
  rareStatement,
  type Sql,
  statement,
  step,
  table,
} from '../../core/storage/index.js';

/** What a vCard can be found by besides the name of the account. */
export const vcardFields = [
  'fn',
  'family',
  'given',
  'middle',
  'nickname',
  'bday',
  'ctry',
  'locality',
  'email',
  'orgname',
  'orgunit',
] as const;
export type VcardField = (typeof vcardFields)[number];

/** Original spelling; a field that the vCard lacks is empty. */
export type VcardFields = Readonly<Record<VcardField, string>>;

export interface VcardCondition {
  /** `user` is the localpart of the account. */
  readonly field: VcardField | 'user';
  /** Compared without regard to case. */
  readonly value: string;
  /** The field may go on after the value. */
  readonly isPrefix: boolean;
}

export interface FoundVcard {
  readonly account: AccountKey;
  readonly fields: VcardFields;
}

/** Writes are durable when the promise resolves. */
export interface VcardStore {
  /** The vCard element as XML. */
  get(account: AccountKey): Promise<string | undefined>;
  put(account: AccountKey, xml: string, fields: VcardFields): Promise<void>;
  /** Those of a domain for which all conditions hold, in the order of localparts. */
  search(domain: string, conditions: readonly VcardCondition[], limit?: number): Promise<FoundVcard[]>;
  removeAccount(account: AccountKey): Promise<void>;
}

const vcard = table(
  'vcard',
  {
    username: 'varchar(150)',
    server: 'varchar(100)',
    vcard: 'text NOT NULL',
    created_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  { primaryKey: ['server', 'username'] },
);

const vcardSearch = table(
  'vcard_search',
  {
    username: 'varchar(150) NOT NULL',
    lusername: 'varchar(100)',
    server: 'varchar(250)',
    ...Object.fromEntries(
      vcardFields.flatMap((field) => [`${field}`, `l${field}`]).map((name) => [name, 'text NOT NULL']),
    ),
  },
  {
    primaryKey: ['server', 'lusername'],
    indexes: Object.fromEntries(vcardFields.map((field) => [`i_vcard_search_l${field}`, [`l${field}`]])),
  },
);

const COLUMNS = vcardFields.flatMap((field) => [field, `l${field}`]);
const FIRST_FIELD_PARAMETER = 4;

const GET = statement<{ readonly vcard: string }>('SELECT vcard FROM vcard WHERE server = $1 AND username = $2');
const PUT = statement(
  'INSERT INTO vcard (server, username, vcard) VALUES ($1, $2, $3) ' +
    'ON CONFLICT (server, username) DO UPDATE SET vcard = excluded.vcard',
);
const PUT_SEARCH = statement(
  `INSERT INTO vcard_search (server, lusername, username, ${COLUMNS.join(', ')}) ` +
    `VALUES ($1, $2, $3, ${COLUMNS.map((_, index) => `$${index + FIRST_FIELD_PARAMETER}`).join(', ')}) ` +
    'ON CONFLICT (server, lusername) DO UPDATE SET username = excluded.username, ' +
    COLUMNS.map((column) => `${column} = excluded.${column}`).join(', '),
);
const REMOVE = statement('DELETE FROM vcard WHERE server = $1 AND username = $2');
const REMOVE_SEARCH = statement('DELETE FROM vcard_search WHERE server = $1 AND lusername = $2');

type SearchRow = VcardFields & { readonly lusername: string };

class SqlVcards implements VcardStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async get({ local, domain }: AccountKey): Promise<string | undefined> {
    const [row] = await this.#sql.read(GET, [domain, local]);
    return row?.vcard;
  }

  async put({ local, domain }: AccountKey, xml: string, fields: VcardFields): Promise<void> {
    const values = vcardFields.flatMap((field) => [fields[field], fields[field].toLowerCase()]);
    await this.#sql.transaction([step(PUT, [domain, local, xml]), step(PUT_SEARCH, [domain, local, local, ...values])]);
  }

  async search(domain: string, conditions: readonly VcardCondition[], limit?: number): Promise<FoundVcard[]> {
    const tests = conditions.map(({ field, isPrefix }, index) => {
      const column = field === 'user' ? 'lusername' : `l${field}`;
      return ` AND ${column} ${isPrefix ? 'LIKE' : '='} $${index + 2}${isPrefix ? " ESCAPE '!'" : ''}`;
    });
    const values = conditions.map(({ value, isPrefix }) => (isPrefix ? prefixPattern(value) : value.toLowerCase()));
    const rows = await this.#sql.read(
      rareStatement<SearchRow>(
        `SELECT lusername, ${vcardFields.join(', ')} FROM vcard_search WHERE server = $1${tests.join('')} ` +
          `ORDER BY lusername LIMIT $${conditions.length + 2}`,
      ),
      [domain, ...values, limitValue(limit)],
    );
    return rows.map((row) => ({ account: { local: row.lusername, domain }, fields: pickFields(row) }));
  }

  async removeAccount({ local, domain }: AccountKey): Promise<void> {
    const key = [domain, local];
    await this.#sql.transaction([step(REMOVE, key), step(REMOVE_SEARCH, key)]);
  }
}

function prefixPattern(value: string): string {
  return `${value.toLowerCase().replace(/[!%_]/g, '!$&')}%`;
}

function pickFields(from: VcardFields): VcardFields {
  return Object.fromEntries(vcardFields.map((field) => [field, from[field]])) as unknown as VcardFields;
}

class MemoryVcards implements VcardStore {
  readonly #kept = new Map<string, FoundVcard & { readonly xml: string }>();

  async get(account: AccountKey): Promise<string | undefined> {
    return this.#kept.get(accountKey(account))?.xml;
  }

  async put({ local, domain }: AccountKey, xml: string, fields: VcardFields): Promise<void> {
    this.#kept.set(accountKey({ local, domain }), { account: { local, domain }, xml, fields: pickFields(fields) });
  }

  async search(domain: string, conditions: readonly VcardCondition[], limit?: number): Promise<FoundVcard[]> {
    return [...this.#kept.values()]
      .filter(({ account, fields }) => {
        const holds = ({ field, value, isPrefix }: VcardCondition): boolean => {
          const own = field === 'user' ? account.local : fields[field].toLowerCase();
          return isPrefix ? own.startsWith(value.toLowerCase()) : own === value.toLowerCase();
        };
        return account.domain === domain && conditions.every(holds);
      })
      .sort((one, other) => (one.account.local < other.account.local ? -1 : 1))
      .slice(0, limit)
      .map(({ account, fields }) => ({ account, fields }));
  }

  async removeAccount(account: AccountKey): Promise<void> {
    this.#kept.delete(accountKey(account));
  }
}

export const vcardStore = defineStore<VcardStore>({
  name: 'vcard',
  tables: [vcard, vcardSearch],
  sql: (sql) => new SqlVcards(sql),
  memory: () => new MemoryVcards(),
});
