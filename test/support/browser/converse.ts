/** Converse.js, a chat client of others, on a page of its own. It is too large to be installed with us, so it is fetched once. */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runNpm } from '../../../scripts/lib/npm.mjs';
import { run } from '../../../scripts/lib/step.mjs';

const PACKAGE = 'converse.js@14.0.0';
const FILE = 'converse.js-14.0.0.tgz';
/** What was tried; another file is not run. */
const SHA_256 = '634f31fa0f7b0e47f1abc60d870ff6805c737577399920ebe92da4c7e5bcaff0';
const CACHE = fileURLToPath(new URL('../../../.ready/clients/', import.meta.url));
const PLACE = join(CACHE, 'converse.js-14.0.0');
const FETCH_MS = 30_000;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Fetches it where it is not there yet. Returns why it cannot be had, or nothing. */
export async function fetchConverse(): Promise<string | undefined> {
  if (existsSync(PLACE)) return undefined;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'fetching-'));
  try {
    const args = ['pack', PACKAGE, '--pack-destination', folder, '--loglevel=error', '--fetch-retries=0'];
    await runNpm(args, { cwd: folder, timeout: FETCH_MS });
    const hash = createHash('sha256')
      .update(readFileSync(join(folder, FILE)))
      .digest('hex');
    if (hash !== SHA_256) return `${PACKAGE} is not what it was`;
    await run('tar', ['-xzf', FILE, 'package/dist'], { cwd: folder });
    renameSync(join(folder, 'package'), PLACE);
    return undefined;
  } catch {
    return existsSync(PLACE) ? undefined : `${PACKAGE} cannot be fetched`;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Serves a page on which Converse.js reaches a server by this address. */
export class ConversePage {
  readonly #server: Server;

  private constructor(websocket: string) {
    const page = pageFor(websocket);
    this.#server = createServer((request, response) => {
      const path = normalize(new URL(request.url ?? '/', 'http://page').pathname);
      const file = join(PLACE, path);
      if (path === '/') response.setHeader('content-type', TYPES['.html'] as string).end(page);
      else if (existsSync(file) && extname(file) in TYPES)
        response.setHeader('content-type', TYPES[extname(file)] as string).end(readFileSync(file));
      else response.writeHead(404).end();
    });
  }

  static async serve(websocket: string): Promise<ConversePage> {
    const page = new ConversePage(websocket);
    await new Promise<void>((resolve) => page.#server.listen(0, '127.0.0.1', resolve));
    return page;
  }

  get address(): string {
    return `http://localhost:${(this.#server.address() as AddressInfo).port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

/** As docs/operations/web-clients.md tells it. */
function pageFor(websocket: string): string {
  const options = {
    websocket_url: websocket,
    assets_path: '/dist/',
    view_mode: 'fullscreen',
    i18n: 'en',
    discover_connection_methods: false,
    blacklisted_plugins: ['converse-omemo'],
  };
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <title>Converse.js</title>
    <link rel="stylesheet" href="/dist/converse.min.css">
  </head>
  <body>
    <script type="module">
      import converse from '/dist/converse.min.js';
      converse.initialize(${JSON.stringify(options)});
    </script>
  </body>
</html>
`;
}
