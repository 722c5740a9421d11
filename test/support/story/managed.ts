/** A client that speaks stream management (XEP-0198): enables it, loses its connection, and comes back. */
import type { Element } from 'ltx';
import { type Actor, authenticate, type Credentials } from './actor.js';
import { RawClient, type RawClientOptions } from './raw-client.js';

export const SM = 'urn:xmpp:sm:3';

export interface Enabled {
  readonly id: string;
  readonly element: Element;
}

/** When this resolves the server knows that the client counts, and need not ask. */
export async function enable(actor: Actor, attributes = "resume='true'"): Promise<Enabled> {
  actor.send(`<enable xmlns='${SM}' ${attributes}/>`);
  const element = await actor.client.next((one) => one.getNS() === SM);
  if (!element.is('enabled')) throw new Error(`not enabled: ${element}`);
  acknowledge(actor.client, 0);
  await acknowledged(actor.client);
  return { element, id: element.attrs['id'] };
}

/** The number in the server's answer to a request. */
export async function acknowledged(client: RawClient): Promise<number> {
  client.send(`<r xmlns='${SM}'/>`);
  return Number((await client.next((one) => one.is('a', SM))).attrs['h']);
}

export function acknowledge(client: RawClient, h: number): void {
  client.send(`<a xmlns='${SM}' h='${h}'/>`);
}

/** Ends the connection without ending the stream; the server has noticed when this resolves. */
export async function lose({ client }: Actor): Promise<void> {
  client.socket.end();
  await client.closed();
}

/** Logged in again, on the way to a session. The features of the stream come with it. */
export async function returning(
  port: number,
  credentials: Credentials,
  options: RawClientOptions = {},
): Promise<{ client: RawClient; features: Element }> {
  const client = await RawClient.connect(port, options);
  await client.open(credentials.domain);
  await authenticate(client, credentials);
  return { client, features: await client.open(credentials.domain) };
}

/** Asks for a session; the answer is `<resumed/>` or `<failed/>`. */
export function resume(client: RawClient, id: string, h: number): Promise<Element> {
  client.send(`<resume xmlns='${SM}' previd='${id}' h='${h}'/>`);
  return client.next((one) => one.is('resumed', SM) || one.is('failed', SM));
}

/** The condition in a `<failed/>`. */
export function condition(element: Element): string {
  if (!element.is('failed', SM)) throw new Error(`not a failure: ${element}`);
  const [child] = element.getChildElements();
  if (child?.getNS() !== 'urn:ietf:params:xml:ns:xmpp-stanzas') throw new Error(`no stanza error: ${element}`);
  return child.getName();
}

/** Everything but stanzas is left out; waits for the answer to a ping of this client's. */
export async function stanzasUntilNow(client: RawClient): Promise<Element[]> {
  const id = `ping-${Math.random().toString(36).slice(2)}`;
  client.send(`<iq type='get' id='${id}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
  await client.next((one) => one.attrs['id'] === id);
  return client.takeAll().filter((one) => one.getNS() !== SM);
}

/** A message whose id is its body. */
export function chat(to: string, body: string): string {
  return `<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`;
}

/** Those of the messages among these. */
export function bodies(all: readonly Element[]): (string | null)[] {
  return all.filter((one) => one.is('message')).map((one) => one.getChildText('body'));
}
