/** The one error that storage raises, whatever engine is behind it. */

export type StorageErrorCode =
  /** A rule of the table was broken: a key exists already, a value is missing. */
  | 'constraint'
  /** A text is longer than its column in a table of MongooseIM's, such as an address of more than 250 characters, or than its index allows; nothing was done. */
  | 'too-long'
  /** The engine cannot be reached, or the connection was lost; a write may or may not have been committed. */
  | 'unavailable'
  /** More writes wait than may; nothing was done. */
  | 'overloaded'
  /** The engine took too long; a write may or may not have been committed. */
  | 'timeout'
  /** No room is left; nothing was done. */
  | 'disk-full'
  /** The file is damaged or is not a database. */
  | 'corrupt'
  /** Another process has the database. */
  | 'in-use'
  /** Tables or columns are missing, or belong to a newer version. */
  | 'schema'
  /** Anything else: a mistake in a statement, a refused permission, a failing disk. */
  | 'failed';

export class StorageError extends Error {
  override readonly name = 'StorageError';
  readonly code: StorageErrorCode;

  constructor(code: StorageErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** For the sender of what led to the error of this name. */
export const TOO_LONG = 'an address or a name is too long for the database';

export function isTooLong(error: unknown): boolean {
  return error instanceof StorageError && error.code === 'too-long';
}
