/** The messages that this client writes. */
import { ns } from '../xmpp/namespaces.js';
import { type Xml, xml } from '../xmpp/xml.js';
import type { ChatMessage } from './conversation.js';
import type { ChatState } from './incoming.js';

export function messageOf(peer: string, { id, body }: Pick<ChatMessage, 'id' | 'body'>): Xml {
  return xml(
    'message',
    ns.CLIENT,
    { type: 'chat', to: peer, id },
    xml('body', ns.CLIENT, {}, body),
    xml('active', ns.CHAT_STATES),
    xml('request', ns.RECEIPTS),
    xml('origin-id', ns.STANZA_ID, { id }),
  );
}

/** XEP-0184 section 5.4: kept by nobody but who gets it. */
export function receiptOf(to: string, id: string): Xml {
  return xml('message', ns.CLIENT, { type: 'chat', to }, xml('received', ns.RECEIPTS, { id }), xml('store', ns.HINTS));
}

export function stateOf(peer: string, state: ChatState): Xml {
  const attrs = { type: 'chat', to: peer };
  return xml('message', ns.CLIENT, attrs, xml(state, ns.CHAT_STATES), xml('no-store', ns.HINTS));
}
