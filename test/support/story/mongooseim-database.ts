/** A PostgreSQL database as MongooseIM leaves it behind: its tables, accounts with its SCRAM texts, contacts and messages. */
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

const ACCOUNT = 'server varchar(250) NOT NULL, username varchar(250) NOT NULL';

/** From the description of its schema, not from our own tables. */
export const MONGOOSEIM_TABLES: readonly string[] = [
  `CREATE TABLE users (username varchar(250), server varchar(250), password text NOT NULL, pass_details text,
    created_at timestamp NOT NULL DEFAULT now(), PRIMARY KEY (server, username))`,
  `CREATE TABLE last (server varchar(250), username varchar(250), seconds integer NOT NULL, state text NOT NULL,
    PRIMARY KEY (server, username))`,
  `CREATE TABLE rosterusers (${ACCOUNT}, jid text NOT NULL, nick text NOT NULL, subscription character(1) NOT NULL,
    ask character(1) NOT NULL, askmessage text NOT NULL, created_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (server, username, jid))`,
  `CREATE TABLE rostergroups (${ACCOUNT}, jid text NOT NULL, grp text NOT NULL, PRIMARY KEY (server, username, jid, grp))`,
  'CREATE TABLE roster_version (server varchar(250), username varchar(250), version text NOT NULL, PRIMARY KEY (server, username))',
  `CREATE TABLE private_storage (${ACCOUNT}, namespace varchar(250) NOT NULL, data text NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(), PRIMARY KEY (server, username, namespace))`,
  `CREATE TABLE vcard (username varchar(150), server varchar(100), vcard text NOT NULL,
    created_at timestamp NOT NULL DEFAULT now(), PRIMARY KEY (server, username))`,
  `CREATE TABLE vcard_search (username varchar(150) NOT NULL, lusername varchar(100), server varchar(250),
    ${['fn', 'family', 'given', 'middle', 'nickname', 'bday', 'ctry', 'locality', 'email', 'orgname', 'orgunit']
      .map((name) => `${name} text NOT NULL, l${name} text NOT NULL`)
      .join(', ')}, PRIMARY KEY (server, lusername))`,
  `CREATE TABLE offline_message (id serial NOT NULL PRIMARY KEY, timestamp bigint NOT NULL, expire bigint,
    server varchar(250) NOT NULL, username varchar(250) NOT NULL, from_jid varchar(250) NOT NULL, packet text NOT NULL,
    permanent_fields bytea)`,
  `CREATE TABLE privacy_default_list (server varchar(250), username varchar(250), name text NOT NULL,
    PRIMARY KEY (server, username))`,
  `CREATE TABLE privacy_list (${ACCOUNT}, name text NOT NULL, id serial UNIQUE, created_at timestamp NOT NULL DEFAULT now(),
    PRIMARY KEY (server, username, name))`,
  `CREATE TABLE privacy_list_data (id bigint REFERENCES privacy_list(id) ON DELETE CASCADE, t character(1) NOT NULL,
    value text NOT NULL, action character(1) NOT NULL, ord int NOT NULL, match_all boolean NOT NULL, match_iq boolean NOT NULL,
    match_message boolean NOT NULL, match_presence_in boolean NOT NULL, match_presence_out boolean NOT NULL,
    PRIMARY KEY (id, ord))`,
];

/** With the enumerated types of its columns. */
export const ARCHIVE_TABLES: readonly string[] = [
  "CREATE TYPE mam_behaviour AS ENUM('A', 'N', 'R')",
  "CREATE TYPE mam_direction AS ENUM('I', 'O')",
  `CREATE TABLE mam_message (id bigint NOT NULL, user_id int NOT NULL, from_jid varchar(250) NOT NULL,
    remote_bare_jid varchar(250) NOT NULL, remote_resource varchar(250) NOT NULL, direction mam_direction NOT NULL,
    message bytea NOT NULL, search_body text, origin_id varchar, is_groupchat boolean NOT NULL, PRIMARY KEY (user_id, id))`,
  'CREATE INDEX i_mam_message_username_jid_id ON mam_message (user_id, remote_bare_jid, id)',
  'CREATE INDEX i_mam_message_username_jid_origin_id ON mam_message (user_id, remote_bare_jid, origin_id)',
  `CREATE TABLE mam_server_user (id serial NOT NULL PRIMARY KEY, server varchar(250) NOT NULL,
    user_name varchar(250) NOT NULL)`,
  'CREATE UNIQUE INDEX i_mam_server_user_name ON mam_server_user (server, user_name)',
  `CREATE TABLE mam_config (user_id int NOT NULL, remote_jid varchar(250) NOT NULL, behaviour mam_behaviour NOT NULL,
    PRIMARY KEY (user_id, remote_jid))`,
];

const DIGESTS = { '===SHA1===': 'sha1', '==SHA256==': 'sha256', '==SHA512==': 'sha512' } as const;

/** RFC 5802 section 3. */
function keys(password: string, digest: string, iterations: number): Record<'salt' | 'stored' | 'server', string> {
  const salt = randomBytes(16);
  const salted = pbkdf2Sync(password, salt, iterations, createHash(digest).digest().length, digest);
  const key = (use: string) => createHmac(digest, salted).update(use).digest();
  return {
    salt: salt.toString('base64'),
    stored: createHash(digest).update(key('Client Key')).digest('base64'),
    server: key('Server Key').toString('base64'),
  };
}

/** `==MULTI_SCRAM==`: a block for each hash. */
export function multiScram(password: string, iterations: number): string {
  const blocks = Object.entries(DIGESTS).map(([tag, digest]) => {
    const { salt, stored, server } = keys(password, digest, iterations);
    return `${tag}${salt}|${stored}|${server}`;
  });
  return ['==MULTI_SCRAM==', iterations, ...blocks].join(',');
}

/** `==SCRAM==`, written before MongooseIM 3.7. */
export function oldScram(password: string, iterations: number): string {
  const { salt, stored, server } = keys(password, 'sha1', iterations);
  return ['==SCRAM==', stored, server, salt, iterations].join(',');
}

export function insert(table: string, row: Readonly<Record<string, string | number | boolean>>): string {
  const values = Object.values(row).map((value) =>
    typeof value !== 'string' ? value : `'${value.replaceAll("'", "''")}'`,
  );
  return `INSERT INTO ${table} (${Object.keys(row).join(', ')}) VALUES (${values.join(', ')})`;
}
