/** What went wrong, in words for the person at the page. */
import { Failure } from '../xmpp/failure.js';

const SENTENCES: Readonly<Record<string, string>> = {
  'not-authorized': 'That name and password do not belong together.',
  conflict: 'That name is taken already. Choose another one, or say that you have an account.',
  'not-acceptable': 'The server does not take that name or password.',
  'jid-malformed': 'That is not a name that the server takes.',
  forbidden: 'The server does not make accounts for you: ask its administrator.',
  'not-allowed': 'The server does not allow that.',
  'registration-closed': 'The server makes no accounts from here: ask its administrator.',
  'resource-constraint': 'Too many from your address just now. Try again in a while.',
  'policy-violation': 'Too many from your address just now. Try again in a while.',
  'temporary-auth-failure': 'The server cannot check passwords just now. Try again in a while.',
  'connection-lost': 'The server cannot be reached.',
  'host-unknown': 'The server does not serve that domain.',
  'system-shutdown': 'The server is stopping.',
  'no-mechanism': 'There is no safe way to log in from here: open this page by https, or on the machine of the server.',
  'not-private': 'A password must not travel in the clear: open this page by https, or on the machine of the server.',
  'item-not-found': 'There is nobody of that name.',
  'remote-server-not-found': 'That server cannot be reached.',
  'remote-server-timeout': 'The server did not answer in time.',
};

export function inWords(error: unknown): string {
  if (!(error instanceof Failure)) return 'The server did not keep to the protocol.';
  return SENTENCES[error.condition] ?? `The server said: ${error.message.replaceAll('-', ' ')}.`;
}
