/** The files of the chat page as they were compiled. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';

export interface SiteFile {
  /** With slashes, relative to the folder. */
  readonly name: string;
  readonly type: string;
  readonly bytes: Buffer;
  /** Changes with the bytes. */
  readonly tag: string;
}

export interface Site {
  readonly page: SiteFile;
  /** All but the page. */
  readonly files: readonly SiteFile[];
  /** Changes with any of the files. */
  readonly version: string;
}

const PAGE = 'index.html';
/** In the page: where the files are. */
const PLACE = 'assets/';
/** In the page: where the scripts that will be needed are told of ahead. */
const AHEAD = '<!-- scripts -->';
const COMPILED = fileURLToPath(new URL('../../../web/', import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** As `scripts/ready.mjs` has left them beside the server. */
export function compiledSite(): Site {
  return readSite(COMPILED);
}

/** Throws a sentence for the operator when the page is not there. */
export function readSite(folder: string): Site {
  const files = namesIn(folder).map((name) => readFile(folder, name));
  const page = files.find(({ name }) => name === PAGE);
  if (!page) throw new Error(`meerkat_web_client: there is no page in ${folder}; node scripts/ready.mjs makes it`);
  const others = files.filter((file) => file !== page);
  const version = tagOf(Buffer.from(others.map(({ name, tag }) => `${name} ${tag}\n`).join('')));
  return { page: joined(page, others, version), files: others, version };
}

export function tagOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64url').slice(0, 22);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => extname(name) in TYPES)
      .map((name) => name.replaceAll('\\', '/'))
      .sort();
  } catch {
    return [];
  }
}

function readFile(folder: string, name: string): SiteFile {
  const bytes = readFileSync(`${folder}/${name}`);
  return { name, type: TYPES[extname(name)] as string, bytes, tag: tagOf(bytes) };
}

/** The page with the paths of its files: all scripts are asked for at once, not one import after the other. */
function joined(page: SiteFile, files: readonly SiteFile[], version: string): SiteFile {
  const base = `${PLACE}${version}/`;
  const scripts = files.filter(({ name }) => name.endsWith('.js'));
  const links = scripts.map(({ name }) => `<link rel="modulepreload" href="${base}${name}">`).join('\n    ');
  const text = page.bytes.toString().replaceAll(`"${PLACE}`, `"${base}`).replace(AHEAD, links);
  const bytes = Buffer.from(text);
  return { ...page, bytes, tag: tagOf(bytes) };
}
