/** What an account wants to have archived (XEP-0441). */
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import type { Behaviour, Behaviours } from './archive-store.js';

const LETTERS: ReadonlyMap<string, Behaviour> = new Map([
  ['always', 'A'],
  ['never', 'N'],
  ['roster', 'R'],
]);
/** Addresses on both lists together. */
const MAX_ADDRESSES = 1_000;

export function preferencesElement(behaviours: Behaviours, namespace: string): Element {
  const wanted = behaviours.get('') ?? 'A';
  const fallback = [...LETTERS.keys()].find((word) => LETTERS.get(word) === wanted);
  const list = (name: string, letter: Behaviour) => {
    const addresses = [...behaviours].filter(([remote, behaviour]) => remote !== '' && behaviour === letter);
    return el(name, {}, ...addresses.map(([address]) => el('jid', {}, address)));
  };
  return el('prefs', { xmlns: namespace, default: fallback }, list('always', 'A'), list('never', 'N'));
}

/** Section 2: what is on both lists is never archived. `maxLength` bounds addresses where the table does. */
export function readPreferences(prefs: Element, maxLength = Number.POSITIVE_INFINITY): Behaviours | StanzaError {
  const fallback = LETTERS.get(prefs.attrs['default'] ?? '');
  if (!fallback) return StanzaError.badRequest('The default is always, never or roster');
  const behaviours = new Map<string, Behaviour>([['', fallback]]);
  for (const [list, letter] of [
    ['always', 'A'],
    ['never', 'N'],
  ] as const) {
    for (const entry of prefs.child(list)?.childrenNamed('jid') ?? []) {
      const jid = Jid.parse(entry.text().trim());
      if (!jid) return StanzaError.jidMalformed(`The list ${list} has an entry that is no address`);
      if (jid.toString().length > maxLength) return StanzaError.notAcceptable('An address is too long');
      behaviours.set(jid.toString(), letter);
    }
  }
  if (behaviours.size > MAX_ADDRESSES + 1)
    return StanzaError.policyViolation(`The lists may have ${MAX_ADDRESSES} addresses`);
  return behaviours;
}
