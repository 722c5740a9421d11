/** Decides access rules: which value an address gets under the `acl` and `access` sections of its host type. */
import type { AccessRules, AclCondition, AclMatcher, Acls } from '../../platform/config/index.js';
import type { Jid } from '../../protocol/jid.js';

type Test = (jid: Jid) => boolean;

export class Access {
  readonly #rules: AccessRules;
  readonly #acls = new Map<string, Test>();

  /** `isCurrent` tells the domains of this host type, `isHosted` all that the server has. */
  constructor(
    acls: Acls,
    rules: AccessRules,
    domains: { readonly isCurrent: (domain: string) => boolean; readonly isHosted: (domain: string) => boolean },
  ) {
    this.#rules = rules;
    for (const [name, matchers] of Object.entries(acls))
      this.#acls.set(name, anyOf(matchers.map((one) => compile(one, domains))));
  }

  /** The value of the first clause that fits; `deny` when none does or the rule does not exist. `all` and `none` always exist. */
  value(rule: string, jid: Jid): string | number {
    if (rule === 'all') return 'allow';
    for (const { acl, value } of this.#rules[rule] ?? []) if (this.belongs(jid, acl)) return value;
    return 'deny';
  }

  allows(rule: string, jid: Jid): boolean {
    return this.value(rule, jid) === 'allow';
  }

  /** Whether the address belongs to an access control list. */
  belongs(jid: Jid, acl: string): boolean {
    return acl === 'all' || (this.#acls.get(acl)?.(jid) ?? false);
  }
}

function anyOf(tests: readonly Test[]): Test {
  return (jid) => tests.some((test) => test(jid));
}

function compile(
  matcher: AclMatcher,
  domains: { readonly isCurrent: (domain: string) => boolean; readonly isHosted: (domain: string) => boolean },
): Test {
  const tests: Test[] = [];
  for (const condition of CONDITIONS) {
    const pattern = matcher[condition];
    if (pattern !== undefined) tests.push(conditionTest(condition, pattern));
  }
  switch (matcher.match) {
    case 'none':
      return () => false;
    case 'current_domain':
      tests.push((jid) => domains.isCurrent(jid.domain));
      break;
    case 'any_hosted_domain':
      tests.push((jid) => domains.isHosted(jid.domain));
      break;
    case 'all':
      break;
  }
  return (jid) => tests.every((test) => test(jid));
}

const CONDITIONS: readonly AclCondition[] = [
  'user',
  'user_regexp',
  'user_glob',
  'server',
  'server_regexp',
  'server_glob',
  'resource',
  'resource_regexp',
  'resource_glob',
];

function conditionTest(condition: AclCondition, pattern: string): Test {
  const part = condition.split('_')[0] === 'user' ? 'local' : condition.startsWith('server') ? 'domain' : 'resource';
  if (condition.endsWith('_regexp')) {
    const expression = new RegExp(pattern, 'iu');
    return (jid) => expression.test(jid[part]);
  }
  if (condition.endsWith('_glob')) {
    const expression = globExpression(pattern);
    return (jid) => expression.test(jid[part]);
  }
  return (jid) => jid[part] === pattern;
}

/** Shell patterns: `*`, `?` and `[...]`; everything else stands for itself. */
export function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\*|\?|\[(?:[^\]\\]+)\]|[\\^$.|+(){}[\]]/gu, (token) => {
    if (token === '*') return '.*';
    if (token === '?') return '.';
    if (token.length > 2 && token.startsWith('[')) return token.replace(/^\[!/u, '[^');
    return `\\${token}`;
  });
  return new RegExp(`^(?:${source})$`, 'su');
}
