/** The message that every measurement of single steps works on. */

/** A chat message as a client writes it: 260 bytes, with body, chat state and a request for a receipt. */
export function chatText(to, id, from = '') {
  const start = `<message${from} to='${to}' type='chat' id='${id}'><body>`;
  const end =
    "</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>";
  return `${start}${'Shall we meet? '.repeat(20).slice(0, Math.max(1, 260 - start.length - end.length))}${end}`;
}
