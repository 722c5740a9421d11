/** Contact lists in MongooseIM's tables. */
import {
  type AccountKey,
  accountKey,
  createTableSql,
  defineStore,
  type Sql,
  type Statement,
  type Step,
  statement,
  step,
  table,
} from '../../core/storage/index.js';

export interface RosterItem {
  /** The contact's address as normalised text; unique within a roster. */
  readonly jid: string;
  /** Empty when the user has given none. */
  readonly name: string;
  /** Names of groups, without order; doubles are kept once. */
  readonly groups: readonly string[];
  readonly subscription: 'none' | 'to' | 'from' | 'both';
  /** Requests without an answer: `out` is the user's own, `in` the contact's. */
  readonly ask: 'none' | 'out' | 'in' | 'both';
  /** What the contact wrote to an open request, else empty. */
  readonly askMessage: string;
  /** A request of the contact is approved ahead (RFC 6121 section 3.4). */
  readonly isApproved: boolean;
}

/** Writes are durable when the promise resolves. */
export interface RosterStore {
  /** All items, without order. */
  load(account: AccountKey): Promise<RosterItem[]>;
  /** Adds the item or takes the place of the one with the same address. */
  put(account: AccountKey, item: RosterItem): Promise<void>;
  delete(account: AccountKey, jid: string): Promise<void>;
  /** The version of the list as it was last set. */
  version(account: AccountKey): Promise<string | undefined>;
  setVersion(account: AccountKey, version: string): Promise<void>;
  /** Everything of the account. */
  removeAccount(account: AccountKey): Promise<void>;
}

const rosterUsers = table(
  'rosterusers',
  {
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    jid: 'text NOT NULL',
    nick: 'text NOT NULL',
    subscription: 'character(1) NOT NULL',
    ask: 'character(1) NOT NULL',
    askmessage: 'text NOT NULL',
    created_at: 'timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP',
  },
  { primaryKey: ['server', 'username', 'jid'] },
);

const rosterGroups = table(
  'rostergroups',
  {
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    jid: 'text NOT NULL',
    grp: 'text NOT NULL',
  },
  { primaryKey: ['server', 'username', 'jid', 'grp'] },
);

/** Not a table of MongooseIM, which knows no approval ahead. */
const rosterApprovals = table(
  'roster_approvals',
  {
    server: 'varchar(250) NOT NULL',
    username: 'varchar(250) NOT NULL',
    jid: 'text NOT NULL',
  },
  { primaryKey: ['server', 'username', 'jid'] },
);

const rosterVersion = table(
  'roster_version',
  { server: 'varchar(250)', username: 'varchar(250)', version: 'text NOT NULL' },
  { primaryKey: ['server', 'username'] },
);

const OF_ACCOUNT = 'WHERE server = $1 AND username = $2';

interface ItemRow {
  readonly jid: string;
  readonly nick: string;
  readonly subscription: string;
  readonly ask: string;
  readonly askmessage: string;
  readonly grp: string | null;
  readonly approved: string | null;
}

// One statement, so that items and groups are of the same moment.
const LOAD = statement<ItemRow>(
  'SELECT u.jid, u.nick, u.subscription, u.ask, u.askmessage, g.grp, a.jid AS approved FROM rosterusers u ' +
    'LEFT JOIN rostergroups g ON g.server = u.server AND g.username = u.username AND g.jid = u.jid ' +
    'LEFT JOIN roster_approvals a ON a.server = u.server AND a.username = u.username AND a.jid = u.jid ' +
    'WHERE u.server = $1 AND u.username = $2',
);
const PUT = statement(
  'INSERT INTO rosterusers (server, username, jid, nick, subscription, ask, askmessage) ' +
    'VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (server, username, jid) DO UPDATE SET ' +
    'nick = excluded.nick, subscription = excluded.subscription, ask = excluded.ask, askmessage = excluded.askmessage',
);
// Version 6.0 has no unique index on groups, so they cannot be upserted: delete, then insert.
const DELETE_GROUPS = statement(`DELETE FROM rostergroups ${OF_ACCOUNT} AND jid = $3`);
const ADD_GROUP = statement('INSERT INTO rostergroups (server, username, jid, grp) VALUES ($1, $2, $3, $4)');
const APPROVE = statement(
  'INSERT INTO roster_approvals (server, username, jid) VALUES ($1, $2, $3) ON CONFLICT (server, username, jid) DO NOTHING',
);
const DISAPPROVE = statement(`DELETE FROM roster_approvals ${OF_ACCOUNT} AND jid = $3`);
const DELETE = statement(`DELETE FROM rosterusers ${OF_ACCOUNT} AND jid = $3`);
const VERSION = statement<{ readonly version: string }>(`SELECT version FROM roster_version ${OF_ACCOUNT}`);
const SET_VERSION = statement(
  'INSERT INTO roster_version (server, username, version) VALUES ($1, $2, $3) ' +
    'ON CONFLICT (server, username) DO UPDATE SET version = excluded.version',
);
const REMOVE_ALL: readonly Statement[] = ['rosterusers', 'rostergroups', 'roster_approvals', 'roster_version'].map(
  (name) => statement(`DELETE FROM ${name} ${OF_ACCOUNT}`),
);

const SUBSCRIPTION_LETTER = { none: 'N', to: 'T', from: 'F', both: 'B' } as const;
const ASK_LETTER = { none: 'N', out: 'O', in: 'I', both: 'B' } as const;
const SUBSCRIPTION_OF: Readonly<Record<string, RosterItem['subscription']>> = {
  N: 'none',
  T: 'to',
  F: 'from',
  B: 'both',
};
// S and U come from older writers: S is the user's own open request; an open end of a subscription asks for nothing.
const ASK_OF: Readonly<Record<string, RosterItem['ask']>> = {
  N: 'none',
  O: 'out',
  I: 'in',
  B: 'both',
  S: 'out',
  U: 'none',
};

class SqlRosters implements RosterStore {
  readonly #sql: Sql;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  async load({ local, domain }: AccountKey): Promise<RosterItem[]> {
    const items = new Map<string, RosterItem & { readonly groups: string[] }>();
    for (const row of await this.#sql.read(LOAD, [domain, local])) {
      const item = items.get(row.jid) ?? fromRow(row);
      items.set(row.jid, item);
      if (row.grp !== null) item.groups.push(row.grp);
    }
    return [...items.values()];
  }

  async put({ local, domain }: AccountKey, item: RosterItem): Promise<void> {
    const { jid, name, groups, subscription, ask, askMessage, isApproved } = item;
    const letters = [SUBSCRIPTION_LETTER[subscription], ASK_LETTER[ask]];
    const steps: Step[] = [
      step(PUT, [domain, local, jid, name, ...letters, askMessage]),
      step(isApproved ? APPROVE : DISAPPROVE, [domain, local, jid]),
      step(DELETE_GROUPS, [domain, local, jid]),
    ];
    for (const group of new Set(groups)) steps.push(step(ADD_GROUP, [domain, local, jid, group]));
    await this.#sql.transaction(steps);
  }

  async delete({ local, domain }: AccountKey, jid: string): Promise<void> {
    const key = [domain, local, jid];
    await this.#sql.transaction([step(DELETE_GROUPS, key), step(DISAPPROVE, key), step(DELETE, key)]);
  }

  async version({ local, domain }: AccountKey): Promise<string | undefined> {
    const [row] = await this.#sql.read(VERSION, [domain, local]);
    return row?.version;
  }

  async setVersion({ local, domain }: AccountKey, version: string): Promise<void> {
    await this.#sql.write(SET_VERSION, [domain, local, version]);
  }

  async removeAccount({ local, domain }: AccountKey): Promise<void> {
    await this.#sql.transaction(REMOVE_ALL.map((remove) => step(remove, [domain, local])));
  }
}

function fromRow(row: ItemRow): RosterItem & { readonly groups: string[] } {
  return {
    jid: row.jid,
    name: row.nick,
    groups: [],
    subscription: SUBSCRIPTION_OF[row.subscription] ?? 'none',
    ask: ASK_OF[row.ask] ?? 'none',
    askMessage: row.askmessage,
    isApproved: row.approved !== null,
  };
}

class MemoryRosters implements RosterStore {
  readonly #rosters = new Map<string, Map<string, RosterItem>>();
  readonly #versions = new Map<string, string>();

  async load(account: AccountKey): Promise<RosterItem[]> {
    return [...(this.#rosters.get(accountKey(account))?.values() ?? [])];
  }

  async put(account: AccountKey, item: RosterItem): Promise<void> {
    const key = accountKey(account);
    const roster = this.#rosters.get(key) ?? new Map<string, RosterItem>();
    roster.set(item.jid, { ...item, groups: [...new Set(item.groups)] });
    this.#rosters.set(key, roster);
  }

  async delete(account: AccountKey, jid: string): Promise<void> {
    this.#rosters.get(accountKey(account))?.delete(jid);
  }

  async version(account: AccountKey): Promise<string | undefined> {
    return this.#versions.get(accountKey(account));
  }

  async setVersion(account: AccountKey, version: string): Promise<void> {
    this.#versions.set(accountKey(account), version);
  }

  async removeAccount(account: AccountKey): Promise<void> {
    this.#rosters.delete(accountKey(account));
    this.#versions.delete(accountKey(account));
  }
}

export const rosterStore = defineStore<RosterStore>({
  name: 'roster',
  tables: [rosterUsers, rosterGroups, rosterApprovals, rosterVersion],
  migrations: [{ version: 2, statements: createTableSql(rosterApprovals, 'sqlite') }],
  sql: (sql) => new SqlRosters(sql),
  memory: () => new MemoryRosters(),
});
