/** The external services of the configuration as elements, with credentials for whoever asks. */
import type { ExternalService } from '../../platform/config/index.js';
import { formatDateTime } from '../../protocol/date-time.js';
import { type Element, el } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { turnCredentials } from './turn-credentials.js';

/** As long as MongooseIM lets them live. */
const CREDENTIALS_SECONDS = 60 * 60;

/** `now` is in seconds since 1970. */
export function serviceElement(service: ExternalService, user: Jid, now: number): Element {
  const { host, type, port, transport, secret } = service;
  const address = { host, port: port?.toString(), transport, type };
  if (secret === undefined) {
    return el('service', { ...address, username: service.username, password: service.password });
  }
  const expires = now + CREDENTIALS_SECONDS;
  const credentials = turnCredentials(user.bare.toString(), secret, expires);
  return el('service', { ...address, ...credentials, expires: formatDateTime(expires * 1_000) });
}

export function hasCredentials({ username, password, secret }: ExternalService): boolean {
  return (secret ?? username ?? password) !== undefined;
}
