/** `mod_revproxy` with upstreams over TLS: which certificates are good, and what clients can do about it, which is nothing. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Issued, issue } from '../support/engine/certificates.js';
import { ownConfig } from '../support/story/both-engines.js';
import { ask } from '../support/story/raw-http.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

const authority = issue({ name: 'authority', isAuthority: true });
const folder = mkdtempSync(join(tmpdir(), 'meerkat-upstream-'));
const upstreams: Server[] = [];
/** What clients of the upstreams have called them, in the handshake and in the request. */
const seen: [string | false | undefined, string | undefined][] = [];
let server: TestServer;

async function upstream({ certificate: cert, key }: Issued): Promise<number> {
  const one = createServer({ cert, key }, (request, answer) => {
    seen.push([(request.socket as TLSSocket & { servername?: string }).servername, request.headers.host]);
    answer.end('hello');
  });
  upstreams.push(one);
  await new Promise<void>((resolve) => one.listen(0, '127.0.0.1', resolve));
  return (one.address() as AddressInfo).port;
}

beforeAll(async () => {
  const good = await upstream(issue({ name: 'localhost', issuer: authority }));
  const unknown = await upstream(issue({ name: 'localhost' }));
  const file = join(folder, 'authority.pem');
  writeFileSync(file, authority.certificate);
  const to = { good: `localhost:${good}`, unknown: `localhost:${unknown}`, address: `127.0.0.1:${good}` };
  const routes = Object.entries(to).map(
    ([name, upstream]) =>
      `[[modules.mod_revproxy.routes]]\n  host = "_"\n  path = "/${name}"\n  upstream = "https://${upstream}"\n`,
  );
  const rest = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mod_revproxy]]
    host = "_"
    path = "/[...]"
    timeout = 30_000
${routes.join('')}`;
  const before = process.env['NODE_EXTRA_CA_CERTS'];
  process.env['NODE_EXTRA_CA_CERTS'] = file;
  // The HTTP server is the same for both engines.
  server = await startServer({ config: ownConfig({ engine: ENGINES[0] ?? 'portable', rest }) });
  if (before === undefined) delete process.env['NODE_EXTRA_CA_CERTS'];
  else process.env['NODE_EXTRA_CA_CERTS'] = before;
});

afterAll(async () => {
  await server?.stop();
  for (const one of upstreams) one.close();
  rmSync(folder, { recursive: true, force: true });
});

const get = (path: string, host: string) =>
  ask(server.ports[1] as number, `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`);

it('a certificate of an authority in NODE_EXTRA_CA_CERTS is good, for the host of the configuration, whatever the client calls it', async () => {
  for (const host of ['localhost', 'other.example', 'localhost', '127.0.0.1']) {
    expect(await get('/good', host)).toMatchObject({ status: 200, body: 'hello' });
  }
  expect(seen.splice(0)).toEqual([
    ['localhost', 'localhost'],
    ['localhost', 'other.example'],
    ['localhost', 'localhost'],
    ['localhost', '127.0.0.1'],
  ]);
});

it('one that nobody vouches for is not', async () => {
  expect((await get('/unknown', 'localhost')).status).toBe(502);
});

it.each(['localhost', 'other.example', '127.0.0.1'])(
  'one for another host is not, also for a client that asks for "%s"',
  async (host) => {
    expect((await get('/address', host)).status).toBe(502);
    expect(seen).toEqual([]);
  },
);
