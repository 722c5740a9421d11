/** The `auth` section, of the top level or of a host type. */
import type { Path } from '../problems.js';
import type { Auth, AuthMethodName } from '../types.js';
import { isTable } from '../validate.js';
import { type Draft, type PoolTags, pick } from './draft.js';

/** In the order in which they are asked when `methods` does not say. */
const METHODS: readonly AuthMethodName[] = ['internal', 'rdbms', 'anonymous', 'dummy'];

export function buildAuth(draft: Draft, section: Path, pools: PoolTags): Auth {
  const own = draft.table(...section);
  const table = draft.filled('auth', own);
  const methods = buildMethods(own['methods']) ?? METHODS.filter((name) => own[name] !== undefined);
  if (methods.includes('rdbms') && !pools.rdbms.includes('default')) {
    const named = Array.isArray(own['methods']) ? own['methods'].indexOf('rdbms') : -1;
    const path = named >= 0 ? [...section, 'methods', named] : [...section, 'rdbms'];
    draft.find('missing', path, 'value', 'there is no pool for it, expected a section [outgoing_pools.rdbms.default]');
  }
  if (methods.includes('dummy'))
    draft.note('advice', section, 'method dummy takes every password; it is for tests alone');
  return {
    methods,
    sasl_mechanisms: (table['sasl_mechanisms'] as string[]).filter((name) => name !== 'oauth'),
    sasl_external: table['sasl_external'] as Auth['sasl_external'],
    sasl_external_common_name: draft.filled(
      'auth.sasl_external_common_name',
      draft.table(...section, 'sasl_external_common_name'),
    ) as unknown as Auth['sasl_external_common_name'],
    max_users_per_domain: table['max_users_per_domain'] as Auth['max_users_per_domain'],
    password: buildPassword(draft, section),
    ...buildSettings(draft, section, methods),
  };
}

/** Each once, as the last in the catalogue's list would never be asked. */
function buildMethods(value: unknown): AuthMethodName[] | undefined {
  return Array.isArray(value) ? [...new Set(value as AuthMethodName[])] : undefined;
}

function buildPassword(draft: Draft, section: Path): Auth['password'] {
  const own = draft.table(...section, 'password');
  const older = draft.table(...section)['scram_iterations'];
  if (older !== undefined) {
    const place = [...section, 'scram_iterations'];
    draft.note('renamed', place, 'is called password.scram_iterations since MongooseIM 5.1');
    if (own['scram_iterations'] !== undefined && own['scram_iterations'] !== older) {
      draft.find(
        'contradiction',
        place,
        'key',
        'password.scram_iterations is set too, and differs, expected one of them',
      );
    }
  }
  const newer = older === undefined ? own : { scram_iterations: older, ...own };
  return draft.filled('auth.password', newer) as unknown as Auth['password'];
}

function buildSettings(draft: Draft, section: Path, methods: readonly string[]): Partial<Auth> {
  const settings = ['anonymous', 'dummy'].flatMap((name) => {
    if (!methods.includes(name)) return [];
    const filled = draft.filled(`auth.${name}`, draft.table(...section, name));
    return [
      [
        name,
        pick(
          filled,
          Object.keys(filled).filter((key) => key !== 'backend'),
        ),
      ],
    ];
  });
  return Object.fromEntries(settings);
}

/** Whether the section says at all who may log in. */
export function namesAnyMethod(raw: unknown): boolean {
  return isTable(raw) && (raw['methods'] !== undefined || METHODS.some((name) => raw[name] !== undefined));
}
