/** The archives of accounts and their preferences, in MongooseIM's tables. */
import { type AccountKey, defineStore, table } from '../../core/storage/index.js';
import { MemoryArchive } from './archive-memory.js';
import { SqlArchive } from './archive-sql.js';

export type Direction = 'I' | 'O';
export type Behaviour = 'A' | 'N' | 'R';

/** The owner of an archive. */
export interface ArchiveOwner extends AccountKey {
  /** Its number in the tables; unset until it has one. Set by `insert`. */
  userId: number | undefined;
  /** Messages that are being written. */
  writing: number;
}

/** Texts are as they stand in the table. */
export interface NewMessage {
  readonly owner: ArchiveOwner;
  readonly id: bigint;
  readonly from: string;
  readonly remote: string;
  readonly remoteResource: string;
  readonly direction: Direction;
  readonly message: string | Uint8Array;
  readonly searchBody: string;
  readonly originId: string | undefined;
  readonly isGroupchat: boolean;
}

export interface StoredMessage {
  readonly id: bigint;
  readonly from: string;
  readonly message: string | Uint8Array;
}

/** Which messages of an archive. Ids are included. */
export interface MessageFilter {
  readonly userId: number;
  readonly fromId?: bigint | undefined;
  readonly toId?: bigint | undefined;
  readonly remote?: string | undefined;
  readonly remoteResource?: string | undefined;
  /** Each has to be part of the text that is searched; there are letters, digits and `_` in it only. */
  readonly words?: readonly string[] | undefined;
  readonly withoutGroupchat?: boolean | undefined;
}

export interface MessagePage {
  readonly limit: number;
  readonly offset?: number;
  /** The last ones, though they come in the order of the archive as well. */
  readonly isFromEnd?: boolean;
}

/** By address; the empty text stands for all others. */
export type Behaviours = ReadonlyMap<string, Behaviour>;

/** Which message is taken back: by the number of its archive, or by what its sender called it. */
export interface RetractionTarget {
  readonly remote: string;
  readonly direction: Direction;
  readonly id?: bigint | undefined;
  readonly originId?: string | undefined;
}

export interface RetractedMessage {
  readonly id: bigint;
  readonly originId: string | undefined;
  readonly message: string | Uint8Array;
}

/** Writes are durable when the promise resolves. */
export interface ArchiveStore {
  /** How long addresses may be in the table; unset for any length. */
  readonly maxAddressLength: number | undefined;
  /** The number of an account's archive, and the greatest id in it. */
  find(account: AccountKey): Promise<{ userId: number; lastId: bigint } | undefined>;
  /** All or none; a message that is there already stays as it is. Gives owners their numbers. */
  insert(messages: readonly NewMessage[]): Promise<void>;
  /** In the order of the archive. */
  load(filter: MessageFilter, page: MessagePage): Promise<StoredMessage[]>;
  /** How many there are, but counted no further than to `limit`. */
  count(filter: MessageFilter, limit: number): Promise<number>;
  /** Those among the ids that are in the archive. */
  present(userId: number, ids: readonly bigint[]): Promise<Set<bigint>>;
  /** The id so many messages further on, or back, from `fromId` on; the outermost one when there are fewer. */
  idFurther(userId: number, fromId: bigint, messages: number, isBackwards?: boolean): Promise<bigint | undefined>;
  findRetracted(userId: number, target: RetractionTarget): Promise<RetractedMessage | undefined>;
  /** Another content for a message; it cannot be found by its text any more. */
  replace(userId: number, id: bigint, message: string | Uint8Array): Promise<void>;
  behaviours(userId: number): Promise<Behaviours>;
  setBehaviours(account: ArchiveOwner, behaviours: Behaviours): Promise<void>;
  /** Removes at most `limit` of the oldest messages, below `beforeId` or beyond the newest `keep`, and returns how many. */
  trim(userId: number, rule: { beforeId?: bigint; keep?: number }, limit: number): Promise<number>;
  /** The newest messages below an id, the newest first, and how many bytes each of them takes. */
  sizes(userId: number, belowId: bigint, limit: number): Promise<{ id: bigint; bytes: number }[]>;
  /** The archives with greater numbers than `after`, in order, at most `limit`. */
  archives(after: number, limit: number): Promise<{ userId: number; domain: string }[]>;
  /** Preferences and the number; the messages have to be gone. */
  remove(userId: number): Promise<void>;
}

const mamMessage = table(
  'mam_message',
  {
    id: 'bigint NOT NULL',
    user_id: 'int NOT NULL',
    from_jid: 'varchar(250) NOT NULL',
    remote_bare_jid: 'varchar(250) NOT NULL',
    remote_resource: 'varchar(250) NOT NULL',
    direction: 'mam_direction NOT NULL',
    message: 'bytea NOT NULL',
    search_body: 'text',
    origin_id: 'varchar',
    is_groupchat: 'boolean NOT NULL',
  },
  {
    primaryKey: ['user_id', 'id'],
    indexes: {
      i_mam_message_username_jid_id: ['user_id', 'remote_bare_jid', 'id'],
      i_mam_message_username_jid_origin_id: ['user_id', 'remote_bare_jid', 'origin_id'],
    },
    types: { mam_direction: ['I', 'O'] },
  },
);

const mamServerUser = table(
  'mam_server_user',
  { id: 'serial', server: 'varchar(250) NOT NULL', user_name: 'varchar(250) NOT NULL' },
  { primaryKey: ['id'], unique: { i_mam_server_user_name: ['server', 'user_name'] } },
);

const mamConfig = table(
  'mam_config',
  { user_id: 'int NOT NULL', remote_jid: 'varchar(250) NOT NULL', behaviour: 'mam_behaviour NOT NULL' },
  { primaryKey: ['user_id', 'remote_jid'], types: { mam_behaviour: ['A', 'N', 'R'] } },
);

export const archiveStore = defineStore<ArchiveStore>({
  name: 'mod_mam.archive',
  tables: [mamServerUser, mamMessage, mamConfig],
  sql: (sql) => new SqlArchive(sql),
  memory: () => new MemoryArchive(),
});
