/** Waits until work that shows nowhere else is done, without guessing how long it takes. */
import type { Actor } from './actor.js';

/** What the server has begun to store for this account so far is stored when this resolves. */
export async function stored(actor: Actor): Promise<void> {
  await actor.asks("<iq type='set'><query xmlns='jabber:iq:private'><fence xmlns='urn:test:fence'/></query></iq>");
}

/**
 * What this actor has sent to the other account so far has been worked on when this resolves, whether that account exists or
 * not: a groupchat message to an account is always refused, in its turn.
 */
export async function handled(actor: Actor, account: string): Promise<void> {
  const id = `fence-${Math.random().toString(36).slice(2)}`;
  actor.send(`<message to='${account}' type='groupchat' id='${id}'><body>fence</body></message>`);
  await actor.receives(`<message type='error' id='${id}'/>`);
}
