/** XEP-0079 sections 2.2.1 and 3: the rules that a message brings, and whether they are ones that are kept here. */
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';

export const actions = ['error', 'notify'] as const;
export const conditions = {
  deliver: ['direct', 'stored', 'none'],
  'match-resource': ['any', 'exact', 'other'],
} as const;

export interface Rule {
  readonly condition: keyof typeof conditions;
  readonly value: string;
  readonly action: (typeof actions)[number];
}

/** The rules in their order, or what is wrong with them. */
export function readRules(amp: Element): Rule[] | StanzaError {
  const rules = amp.childrenNamed('rule');
  if (rules.length === 0) return StanzaError.badRequest('there are no rules');
  const strangeActions = rules.filter(({ attrs }) => !isOneOf(actions, attrs['action']));
  if (strangeActions.length > 0)
    return StanzaError.badRequest().withDetail(detail('unsupported-actions', strangeActions));
  const strangeConditions = rules.filter(({ attrs }) => !isCondition(attrs['condition']));
  if (strangeConditions.length > 0)
    return StanzaError.badRequest().withDetail(detail('unsupported-conditions', strangeConditions));
  const invalid = isPerHop(amp) ? rules : rules.filter((rule) => !hasValidValue(rule));
  if (invalid.length > 0) return StanzaError.notAcceptable().withDetail(detail('invalid-rules', invalid));
  return rules.map(({ attrs }) => attrs as unknown as Rule);
}

/** The same rules as not acceptable (section 9). */
export function notAcceptable(amp: Element): StanzaError {
  return StanzaError.notAcceptable().withDetail(detail('invalid-rules', amp.childrenNamed('rule')));
}

export function ruleElement({
  condition,
  value,
  action,
}: Record<'condition' | 'value' | 'action', string | undefined>) {
  return el('rule', { condition, value, action });
}

/** `<amp/>` with a status tells of a rule that was met: it asks for nothing. */
export function isRequest(amp: Element | undefined): amp is Element {
  return amp !== undefined && amp.attrs['status'] === undefined;
}

/** Section 2.1.2: each server on the way would have to do the same. */
function isPerHop({ attrs }: Element): boolean {
  return attrs['per-hop'] === 'true' || attrs['per-hop'] === '1';
}

function isCondition(name: string | undefined): name is keyof typeof conditions {
  return name !== undefined && Object.hasOwn(conditions, name);
}

function hasValidValue({ attrs }: Element): boolean {
  const { condition, value } = attrs;
  return isCondition(condition) && isOneOf(conditions[condition], value);
}

function isOneOf(known: readonly string[], value: string | undefined): boolean {
  return value !== undefined && known.includes(value);
}

/** Section 6.1. */
function detail(name: string, rules: readonly Element[]): Element {
  return el(
    name,
    { xmlns: ns.AMP },
    rules.map(({ attrs }) =>
      ruleElement({ condition: attrs['condition'], value: attrs['value'], action: attrs['action'] }),
    ),
  );
}
