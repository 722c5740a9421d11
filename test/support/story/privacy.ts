/** Privacy lists and blocklists in stories: requests of their owners, and what others run into. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from './actor.js';
import { befriend } from './story.js';

export const PRIVACY = 'jabber:iq:privacy';
export const BLOCKING = 'urn:xmpp:blocking';

/** `content` is the child of the query. */
export function setPrivacy(actor: Actor, content: string): Promise<Element> {
  return actor.asks(`<iq type='set'><query xmlns='${PRIVACY}'>${content}</query></iq>`);
}

export function getPrivacy(actor: Actor, content = ''): Promise<Element> {
  return actor.asks(`<iq type='get'><query xmlns='${PRIVACY}'>${content}</query></iq>`);
}

/** Makes a list of these items the default. */
export async function byDefault(actor: Actor, items: string, name = 'rules'): Promise<void> {
  succeeds(await setPrivacy(actor, `<list name='${name}'>${items}</list>`));
  succeeds(await setPrivacy(actor, `<default name='${name}'/>`));
  await actor.receives(`<iq type='set'><query xmlns='${PRIVACY}'><list name='${name}'/></query></iq>`);
}

/** Makes a list of these items the active one of this session. */
export async function actively(actor: Actor, items: string, name = 'mine'): Promise<void> {
  succeeds(await setPrivacy(actor, `<list name='${name}'>${items}</list>`));
  succeeds(await setPrivacy(actor, `<active name='${name}'/>`));
  await actor.receives(`<iq type='set'><query xmlns='${PRIVACY}'><list name='${name}'/></query></iq>`);
}

/** `command` is `block` or `unblock`. */
export function blocking(actor: Actor, command: string, ...jids: readonly string[]): Promise<Element> {
  const items = jids.map((jid) => `<item jid='${jid}'/>`).join('');
  return actor.asks(`<iq type='set'><${command} xmlns='${BLOCKING}'>${items}</${command}></iq>`);
}

export async function blocks(actor: Actor, ...jids: readonly string[]): Promise<void> {
  succeeds(await blocking(actor, 'block', ...jids));
}

/** The blocklist, sorted; from then on the session hears of changes. */
export async function blocklist(actor: Actor): Promise<string[]> {
  const answer = await actor.asks(`<iq type='get'><blocklist xmlns='${BLOCKING}'/></iq>`);
  succeeds(answer);
  const items = answer.getChild('blocklist', BLOCKING)?.getChildElements() ?? [];
  return items.map((item) => item.attrs['jid'] as string).sort();
}

/** What a list of lists says, each as `list NAME`, `active NAME` or `default NAME`. */
export function names(answer: Element): string[] {
  succeeds(answer);
  const children = answer.getChild('query', PRIVACY)?.getChildElements() ?? [];
  return children.map((child) => `${child.getName()} ${child.attrs['name']}`);
}

/** The items of a list, each with the kinds of stanzas that it is about. */
export function items(answer: Element): Record<string, string>[] {
  succeeds(answer);
  const list = answer.getChild('query', PRIVACY)?.getChild('list');
  return (list?.getChildElements() ?? []).map((item) => ({
    ...item.attrs,
    kinds: item
      .getChildElements()
      .map((child) => child.getName())
      .join(' '),
  }));
}

/** An item; `about` are its attributes beside these, `kinds` its children. */
export function deny(order: number, kinds = '', about = ''): string {
  return `<item ${about} action='deny' order='${order}'>${kinds}</item>`;
}

/** Attributes of an item about an address. */
export const jid = (text: string) => `type='jid' value='${text}'`;

export function succeeds(answer: Element): void {
  expect(answer.attrs['type'], answer.toString()).toBe('result');
}

export function fails(answer: Element, condition: string, type?: string): void {
  const error = answer.getChild('error');
  expect(error?.getChild(condition, 'urn:ietf:params:xml:ns:xmpp-stanzas'), answer.toString()).toBeDefined();
  if (type !== undefined) expect(error?.attrs['type']).toBe(type);
}

/** Sends a message and returns the error that comes back. */
export async function bounced(from: Actor, to: string, type = 'chat'): Promise<Element> {
  const id = `refused-${Math.random().toString(36).slice(2)}`;
  from.send(`<message to='${to}' type='${type}' id='${id}'><body>hello</body></message>`);
  return from.receives(`<message type='error' id='${id}'/>`);
}

/** A message to this address gets through. */
export async function reaches(from: Actor, to: Actor, address = to.jid): Promise<void> {
  const id = `through-${Math.random().toString(36).slice(2)}`;
  from.send(`<message to='${address}' type='chat' id='${id}'><body>hello</body></message>`);
  await to.receives(`<message id='${id}' from='${from.jid}'/>`);
}

/** Somebody who is blocked has been told so: like an account that is not there. */
export async function isShutOut(from: Actor, to: string): Promise<void> {
  fails(await bounced(from, to), 'service-unavailable', 'cancel');
}

/** Stanzas of this name that came, without the own presence. */
export function named(name: string, elements: readonly Element[], own: Actor): Element[] {
  return elements.filter((element) => element.is(name) && element.attrs['from'] !== own.jid);
}

/** Both are available and subscribed to each other, and what that brought is forgotten. */
export async function friends(one: Actor, other: Actor): Promise<void> {
  await one.available();
  await other.available();
  await befriend(one, other);
  for (const left of [one, other]) for (const right of [one, other]) await left.hasReceived(right);
}
