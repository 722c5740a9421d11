/** User names and passwords for a TURN server that knows the same secret (draft-uberti-behave-turn-rest-00 section 2.2). */
import { createHmac } from 'node:crypto';

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Good until `expires`, in seconds since 1970, which is the first part of the name. */
export function turnCredentials(user: string, secret: string, expires: number): Credentials {
  const username = `${expires}:${user}`;
  return { username, password: createHmac('sha1', secret).update(username).digest('base64') };
}
