/** XEP-0079 sections 2.2.2 and 3.3: what becomes of a message, and which rule that meets. */
import type { MessageWay } from '../../core/routing/delivery.js';
import type { Jid } from '../../protocol/jid.js';
import type { Rule } from './rules.js';

export interface Outcome {
  readonly deliver: 'direct' | 'stored' | 'none';
  /** The resource that gets the message, empty for the account as such; `undefined` when nobody does. */
  readonly resource: string | undefined;
}

/** `isStored` says what happens to a message that no session may take. */
export function outcomeOf(way: MessageWay, isStored: boolean): Outcome {
  if (way === 'undelivered' && isStored) return { deliver: 'stored', resource: '' };
  if (typeof way === 'string' || way[0] === undefined) return { deliver: 'none', resource: undefined };
  return { deliver: 'direct', resource: way[0].jid.resource };
}

/** The first rule that is met; the rest is not looked at. */
export function metRule(rules: readonly Rule[], to: Jid, outcome: Outcome): Rule | undefined {
  return rules.find(({ condition, value }) =>
    condition === 'deliver' ? value === outcome.deliver : matches(value, to.resource, outcome.resource),
  );
}

/** Section 3.3.3: of an account that is meant as such, storage is the exact place, and each session another one. */
function matches(value: string, intended: string, actual: string | undefined): boolean {
  if (actual === undefined) return false;
  return value === 'any' || (value === 'exact') === (actual === intended);
}
