/** What the methods `internal` and `rdbms` need of the table of accounts. */

export interface UserRecord {
  /** The password itself with `auth.password.format = "plain"`, else empty. */
  readonly password: string;
  /** SCRAM secrets in MongooseIM's serialisation. */
  readonly passDetails: string | undefined;
}

/** Names are normalised. Writes are durable when the promise resolves. */
export interface UserRecords {
  get(local: string, domain: string): Promise<UserRecord | undefined>;
  /** Returns false, and changes nothing, when the account exists. */
  add(local: string, domain: string, record: UserRecord): Promise<boolean>;
  /** Returns false, and changes nothing, when there is no such account. */
  update(local: string, domain: string, record: UserRecord): Promise<boolean>;
  /** Returns false when there was no such account. */
  delete(local: string, domain: string): Promise<boolean>;
  /** Localparts in ascending order. */
  list(domain: string, page: { limit?: number | undefined; index?: number | undefined }): Promise<string[]>;
  count(domain: string): Promise<number>;
}
