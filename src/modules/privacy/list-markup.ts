/** Privacy lists as clients write and read them (XEP-0016 section 2.1). */
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import {
  ALL_KINDS,
  canonical,
  type ItemAction,
  type ItemType,
  kind,
  MAX_ORDER,
  type PrivacyItem,
  type PrivacyList,
} from './privacy-list.js';

const KINDS: ReadonlyMap<string, number> = new Map([
  ['message', kind.MESSAGE],
  ['iq', kind.IQ],
  ['presence-in', kind.PRESENCE_IN],
  ['presence-out', kind.PRESENCE_OUT],
]);
const ACTIONS: ReadonlySet<string> = new Set(['allow', 'deny']);
const SUBSCRIPTIONS: ReadonlySet<string> = new Set(['none', 'to', 'from', 'both']);

/** Of a name of a list or of a group, in bytes. */
const MAX_NAME_BYTES = 1023;

/** What a client asks to be done; a name is missing where it declines a list. */
export type ListRequest =
  | { readonly what: 'active' | 'default'; readonly name: string | undefined }
  | { readonly what: 'remove'; readonly name: string }
  | { readonly what: 'edit'; readonly name: string; readonly items: readonly PrivacyItem[] };

/** XEP-0016 section 2.1: a request has one child. `maxItems` is how long a list may be. */
export function parseRequest(query: Element, maxItems: number): ListRequest | StanzaError {
  const [child, ...more] = query.elements();
  if (!child || more.length > 0 || child.ns !== ns.PRIVACY)
    return StanzaError.badRequest('exactly one active, default or list element is expected');
  const name = child.attrs['name'];
  if (child.name === 'active' || child.name === 'default') return { what: child.name, name };
  if (child.name !== 'list') return StanzaError.badRequest(`${child.name} is no part of a request`);
  if (!name) return StanzaError.badRequest('the list has no name');
  if (isTooLong(name)) return StanzaError.notAcceptable('the name of the list is too long');
  const elements = child.elements();
  if (elements.length === 0) return { what: 'remove', name };
  if (elements.length > maxItems) return listFull(maxItems);
  const items = parseItems(elements);
  return items instanceof StanzaError ? items : { what: 'edit', name, items };
}

export function listFull(maxItems: number): StanzaError {
  return StanzaError.resourceConstraint(`a list has at most ${maxItems} items`);
}

function parseItems(elements: readonly Element[]): PrivacyItem[] | StanzaError {
  const items: PrivacyItem[] = [];
  const orders = new Set<number>();
  for (const element of elements) {
    const item = parseItem(element);
    if (item instanceof StanzaError) return item;
    if (orders.has(item.order)) return StanzaError.badRequest(`two items have the order ${item.order}`);
    orders.add(item.order);
    items.push(item);
  }
  return items;
}

function parseItem(element: Element): PrivacyItem | StanzaError {
  if (!element.is('item', ns.PRIVACY)) return StanzaError.badRequest('a list holds items only');
  const { action = '', order = '', type } = element.attrs;
  if (!ACTIONS.has(action)) return StanzaError.badRequest('the action of an item is allow or deny');
  if (!/^[0-9]{1,10}$/.test(order) || Number(order) > MAX_ORDER)
    return StanzaError.badRequest(`the order of an item is a number from 0 to ${MAX_ORDER}`);
  const kinds = parseKinds(element);
  if (kinds instanceof StanzaError) return kinds;
  const value = parseValue(type, element.attrs['value']);
  if (value instanceof StanzaError) return value;
  return {
    order: Number(order),
    type: (type ?? 'any') as ItemType,
    value,
    action: action as ItemAction,
    kinds,
  };
}

function parseKinds(item: Element): number | StanzaError {
  let kinds = 0;
  for (const child of item.elements()) {
    const bit = child.ns === ns.PRIVACY ? KINDS.get(child.name) : undefined;
    if (bit === undefined) return StanzaError.badRequest(`${child.name} is no kind of stanza`);
    kinds |= bit;
  }
  return kinds === 0 ? ALL_KINDS : kinds;
}

function parseValue(type: string | undefined, value: string | undefined): string | StanzaError {
  if (type === undefined) return '';
  if (value === undefined || value === '') return StanzaError.badRequest(`an item of type ${type} has a value`);
  switch (type) {
    case 'jid':
      return canonical(value) ?? StanzaError.badRequest(`${value.slice(0, 100)} is no address`);
    case 'group':
      return isTooLong(value) ? StanzaError.notAcceptable('the name of the group is too long') : value;
    case 'subscription':
      return SUBSCRIPTIONS.has(value) ? value : StanzaError.badRequest('there is no such subscription');
    default:
      return StanzaError.badRequest('the type of an item is jid, group or subscription');
  }
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES;
}

/** `what` is `active`, `default` or `list`. */
export function nameElement(what: string, name: string): Element {
  return el(what, { name });
}

export function query(...content: readonly Element[]): Element {
  return el('query', { xmlns: ns.PRIVACY }, [...content]);
}

export function listElement({ name, items }: PrivacyList): Element {
  return el('list', { name }, items.map(itemElement));
}

function itemElement({ order, type, value, action, kinds }: PrivacyItem): Element {
  const named = [...KINDS].filter(([, bit]) => (kinds & bit) !== 0);
  const children = kinds === ALL_KINDS ? [] : named.map(([name]) => name);
  return el(
    'item',
    {
      type: type === 'any' ? undefined : type,
      value: type === 'any' ? undefined : value,
      action: action === 'allow' ? 'allow' : 'deny',
      order: String(order),
    },
    children.map((name) => el(name)),
  );
}
