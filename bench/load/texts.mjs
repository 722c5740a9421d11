/** Stanzas as clients write them. */

const EXTRAS =
  "</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>";
const WORDS = 'Shall we meet? ';
/** What the number of a message takes, about. */
const USUAL_ID = 14;

/** Writes chat messages to `to` of about so many bytes: with body, chat state and a request for a receipt. */
export function chatWriter(to, bytes, { type = 'chat', extra = '' } = {}) {
  const start = `<message${extra} to='${to}' type='${type}' id='`;
  const rest = bytes - start.length - EXTRAS.length - USUAL_ID - "'><body>".length;
  const body = WORDS.repeat(Math.ceil(Math.max(1, rest) / WORDS.length)).slice(0, Math.max(1, rest));
  const end = `'><body>${body}${EXTRAS}`;
  return (id) => start + id + end;
}
