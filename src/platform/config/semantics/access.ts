/** The sections `acl`, `access` and `shaper`, and the names by which other options refer to them. */
import { prepareDomain } from '../../../protocol/jid.js';
import { nearest } from '../nearest.js';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { AccessClause, AccessRule, AccessRules, AclMatcher, Acls, Shaper, ShaperReference } from '../types.js';
import { isTable, type Table } from '../validate.js';
import type { Draft } from './draft.js';

const builtInAcls = ['all', 'none'];
const builtInRules = ['all', 'none'];

/** Conditions are compared with prepared addresses. A resource keeps its case (RFC 7622 section 3.4), an expression as well: `\S`. */
const folded = new Set(['user', 'user_glob', 'server_glob']);

function foldConditions(matcher: Table): Table {
  const fold = (name: string, value: unknown) => {
    if (typeof value !== 'string') return value;
    if (name === 'server') return prepareDomain(value) ?? value.toLowerCase();
    return folded.has(name) ? value.toLowerCase() : value;
  };
  return Object.fromEntries(Object.entries(matcher).map(([name, value]) => [name, fold(name, value)]));
}

export function buildAcls(draft: Draft, section: Path): Acls {
  const entries = Object.entries(draft.table(...section)).map(([name, matchers]) => [
    name,
    tablesOf(matchers).map(
      (matcher) => foldConditions({ match: 'current_domain', ...matcher }) as unknown as AclMatcher,
    ),
  ]);
  return Object.fromEntries(entries);
}

export function buildRules(draft: Draft, section: Path, acls: Acls): AccessRules {
  const rules: Record<string, AccessRule> = {};
  for (const [name, clauses] of Object.entries(draft.table(...section))) {
    rules[name] = tablesOf(clauses).filter(isComplete) as unknown as AccessClause[];
    for (const [index, { acl }] of tablesOf(clauses).entries()) {
      if (typeof acl !== 'string' || Object.hasOwn(acls, acl) || builtInAcls.includes(acl)) continue;
      const text = `${noSuch('acl', acl, [...Object.keys(acls), ...builtInAcls])}, expected one of the section [acl], "all" or "none"`;
      draft.find('contradiction', [...section, name, index, 'acl'], 'value', text);
    }
  }
  return rules;
}

function isComplete(clause: Table): boolean {
  return clause['acl'] !== undefined && clause['value'] !== undefined;
}

export function buildShapers(draft: Draft): Readonly<Record<string, Shaper>> {
  return draft.table('shaper') as unknown as Readonly<Record<string, Shaper>>;
}

function tablesOf(value: unknown): readonly Table[] {
  return Array.isArray(value) ? value.filter(isTable) : [];
}

/** Adds the matchers of a host type to those of the top level. */
export function mergeAcls(global: Acls, own: Acls): Acls {
  const merged: Record<string, readonly AclMatcher[]> = { ...global };
  for (const [name, matchers] of Object.entries(own)) merged[name] = [...(global[name] ?? []), ...matchers];
  return merged;
}

/** Clauses of a host type follow those of the top level, but stand before a last one that allows everybody. */
export function mergeRules(global: AccessRules, own: AccessRules): AccessRules {
  const merged: Record<string, AccessRule> = { ...global };
  for (const [name, clauses] of Object.entries(own)) {
    const above = global[name] ?? [];
    const last = above.at(-1);
    const isCatchAll = last?.acl === 'all' && last.value === 'allow';
    merged[name] = isCatchAll ? [...above.slice(0, -1), ...clauses, last] : [...above, ...clauses];
  }
  return merged;
}

/** The names that options may refer to; rules count when any host type has them. */
export class Names {
  readonly rules: AccessRules;
  readonly shapers: Readonly<Record<string, Shaper>>;
  readonly #checkedRules = new Set<string>();

  constructor(rules: AccessRules, shapers: Readonly<Record<string, Shaper>>) {
    this.rules = rules;
    this.shapers = shapers;
  }

  checkRule(draft: Draft, path: Path, name: unknown): void {
    if (typeof name !== 'string' || builtInRules.includes(name) || Object.hasOwn(this.rules, name)) return;
    const text = `${noSuch('access rule', name, [...Object.keys(this.rules), 'all'])}, expected one of the section [access] or "all"`;
    draft.find('contradiction', path, 'value', text);
  }

  /** Until 6.3 the option named a rule, since 6.4 it names a shaper: what is defined decides, shapers first. */
  shaper(draft: Draft, path: Path, name: unknown): ShaperReference {
    if (typeof name !== 'string' || name === 'none') return { kind: 'none' };
    if (Object.hasOwn(this.shapers, name)) return { kind: 'shaper', name };
    if (!Object.hasOwn(this.rules, name)) {
      const known = [...Object.keys(this.shapers), ...Object.keys(this.rules), 'none'];
      const text = `${noSuch('shaper or access rule', name, known)}, expected one of the sections [shaper] and [access], or "none"`;
      draft.find('contradiction', path, 'value', text);
      return { kind: 'none' };
    }
    this.#checkShaperRule(draft, name);
    return { kind: 'access', name };
  }

  #checkShaperRule(draft: Draft, rule: string): void {
    if (this.#checkedRules.has(rule)) return;
    this.#checkedRules.add(rule);
    for (const [index, { value }] of tablesOf(draft.table('access')[rule]).entries()) {
      if (value === undefined || value === 'none' || Object.hasOwn(this.shapers, String(value))) continue;
      const text = `${noSuch('shaper', String(value), Object.keys(this.shapers))}, expected one of the section [shaper] or "none"`;
      draft.find('contradiction', ['access', rule, index, 'value'], 'value', text);
    }
  }
}

function noSuch(noun: string, name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return `there is no ${noun} ${quote(name)}${guess === undefined ? '' : ` (did you mean ${quote(guess)}?)`}`;
}
