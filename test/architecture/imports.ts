/** What a source file imports, and whether it may: the tiers of docs/ARCHITECTURE.md. */
import { posix } from 'node:path';

export interface SourceImport {
  readonly file: string;
  readonly specifier: string;
}

/** Folders of `src/` by tier; a tier imports itself only within one folder, and every tier below. */
const TIERS: Readonly<Record<string, number>> = {
  protocol: 1,
  platform: 2,
  engine: 3,
  core: 4,
  net: 5,
  modules: 5,
  auth: 5,
  storage: 5,
  cluster: 5,
  admin: 6,
  runtime: 7,
  'main.ts': 7,
};

/** The one place that may import a package; a prefix of the path below `src/`. */
const HOMES: Readonly<Record<string, string>> = {
  '@photostructure/sqlite': 'storage/',
  commander: 'admin/ctl/',
  kysely: 'storage/',
  ldapts: 'storage/ldap/',
  msgpackr: 'platform/codec.',
  'node-forge': 'platform/certificates',
  pg: 'storage/',
  pino: 'platform/log.',
  piscina: 'platform/workers',
  'sax-wasm': 'engine/',
  'smol-toml': 'platform/config/',
  'toml-eslint-parser': 'platform/config/',
  'uWebSockets.js': 'net/http/',
  undici: 'net/http/proxy/',
  valibot: 'platform/config/',
};

const IMPORT =
  /(?:^|[\n;])\s*(?:import|export)\s(?:[^'";]*?\sfrom\s*)?['"]([^'"\n]+)['"]|\bimport\(\s*['"]([^'"\n]+)['"]/g;

export function importsOf(file: string, text: string): SourceImport[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
  return [...code.matchAll(IMPORT)].map((match) => ({ file, specifier: match[1] ?? match[2]! }));
}

/** The rule that an import breaks, or `undefined`. Files are named from the root of the repository. */
export function brokenRule({ file, specifier }: SourceImport): string | undefined {
  if (specifier.startsWith('node:')) return undefined;
  const from = file.replace(/^src\//, '');
  if (!specifier.startsWith('.')) return brokenHome(from, specifier);
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  if (!target.startsWith('src/')) return `reaches out of src/ to ${target}`;
  return brokenTier(from, target.slice('src/'.length));
}

/** Folders of `web/` by tier; what lies beside them is whoever joins them. */
const PAGE_TIERS: Readonly<Record<string, number>> = { xmpp: 1, chat: 2, 'server-facts.js': 2, ui: 3 };
const JOINS = 4;

/** As `brokenRule`, for the page of the browser. */
export function brokenPageRule({ file, specifier }: SourceImport): string | undefined {
  const target = posix.normalize(posix.join(posix.dirname(file), specifier));
  if (!specifier.startsWith('.') || !target.startsWith('web/'))
    return `imports ${specifier}, which browsers do not get`;
  const tier = (path: string) => PAGE_TIERS[path.split('/')[1] as string] ?? JOINS;
  return tier(target) > tier(file) ? `imports upward, ${target}` : undefined;
}

function brokenHome(from: string, specifier: string): string | undefined {
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/');
  const home = HOMES[name];
  if (home === undefined) return `imports ${name}, which has no home`;
  return from.startsWith(home) ? undefined : `imports ${name}, whose home is ${home}`;
}

function brokenTier(from: string, to: string): string | undefined {
  const fromFolder = from.split('/')[0]!;
  const toFolder = to.split('/')[0]!;
  const fromTier = TIERS[fromFolder];
  const toTier = TIERS[toFolder];
  if (fromTier === undefined) return `${fromFolder} is in no tier`;
  if (toTier === undefined) return `imports ${to}, which is in no tier`;
  if (fromFolder === 'modules' && toFolder === 'modules') return brokenBetweenModules(from, to);
  if (fromFolder === toFolder || fromTier === 7) return undefined;
  if (fromFolder === 'admin' && toTier === 5) {
    return /^modules\/[^/]+\/api\.js$/.test(to)
      ? undefined
      : `imports ${to}: admin reaches modules only through their api`;
  }
  if (toTier > fromTier) return `imports upward, ${to}`;
  return toTier === fromTier ? `imports sideways, ${to}` : undefined;
}

function brokenBetweenModules(from: string, to: string): string | undefined {
  const [, fromTopic] = from.split('/');
  const [, toTopic, rest] = to.split('/');
  // A file of modules/ itself, such as the registry, lists them all.
  if (from.split('/').length === 2 || fromTopic === toTopic || rest === undefined || rest === 'api.js')
    return undefined;
  return `imports ${to}: modules reach one another only through their api`;
}
