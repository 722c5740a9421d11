/** Reads and judges roster requests of clients (RFC 6121 sections 2.3 to 2.5). */
import type { Element } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';

/** What a client wants changed about one contact. */
export interface RosterChange {
  readonly jid: Jid;
  readonly isRemoval: boolean;
  readonly name: string;
  readonly groups: readonly string[];
}

/** Longest name of a contact or of a group, in bytes. */
const MAX_NAME_BYTES = 1023;
const MAX_GROUPS = 100;
/** All names of one item together, in bytes. */
const MAX_ITEM_BYTES = 4096;

/** A user has as many contacts as may be. */
export function rosterFull(): StanzaError {
  return StanzaError.resourceConstraint('the contact list is full');
}

export function parseRosterSet(query: Element): RosterChange | StanzaError {
  const items = query.childrenNamed('item');
  const [item] = items;
  if (items.length !== 1 || !item) return StanzaError.badRequest('exactly one item is expected');
  const jid = Jid.parse(item.attrs['jid'] ?? '');
  if (!jid)
    return item.attrs['jid'] === undefined ? StanzaError.badRequest('the item has no jid') : StanzaError.jidMalformed();

  const name = item.attrs['name'] ?? '';
  const groups = item.childrenNamed('group').map((group) => group.text());
  if (isTooLong(name)) return StanzaError.notAcceptable('the name is too long');
  if (groups.includes('')) return StanzaError.notAcceptable('a group has no name');
  if (groups.some(isTooLong) || groups.length > MAX_GROUPS)
    return StanzaError.notAcceptable('too many groups, or too long a name');
  if (Buffer.byteLength([name, ...groups].join('')) > MAX_ITEM_BYTES)
    return StanzaError.notAcceptable('the names of the item are too long together');
  if (new Set(groups).size !== groups.length) return StanzaError.badRequest('a group is given twice');
  return { jid, isRemoval: item.attrs['subscription'] === 'remove', name, groups };
}

function isTooLong(name: string): boolean {
  return Buffer.byteLength(name) > MAX_NAME_BYTES;
}
