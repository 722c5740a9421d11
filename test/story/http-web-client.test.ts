/** `meerkat_web_client`: how the page and its files are served. */
import { expect, it } from 'vitest';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { ask, get, type RawAnswer, RawHttp } from '../support/story/raw-http.js';

const LISTENERS = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  protocol.compress = true
  [[listen.http.handlers.meerkat_web_client]]
  [[listen.http.handlers.meerkat_web_client]]
    path = "/our/chat"
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  tls.certificate = "automatic"
  [[listen.http.handlers.mongoose_websocket_handler]]
    host = "_"
    path = "/ws"
`;
const LISTENERS_OF_CLIENTS = 1;

onBothEngines(
  'meerkat_web_client',
  (engine) => ownConfig({ engine, shards: 2, hosts: ['localhost', 'other.example'], rest: LISTENERS }),
  (server) => {
    const port = () => server().ports[LISTENERS_OF_CLIENTS] as number;
    const page = () => ask(port(), get('/'));
    const elsewhere = () => `wss://localhost:${server().ports[2]}`;

    it('gives the page with a policy that lets nothing run but its own scripts, and no text become markup', async () => {
      const { status, fields, body } = await page();
      expect([status, fields['content-type']]).toEqual([200, 'text/html; charset=utf-8']);
      const policy = Object.fromEntries(
        (fields['content-security-policy'] as string).split('; ').map((one) => one.split(/ (.*)/, 2)),
      );
      expect(policy).toEqual({
        'default-src': "'none'",
        'script-src': "'self'",
        'style-src': "'self'",
        'img-src': "'self'",
        'connect-src': `'self' ${elsewhere()}`,
        'base-uri': "'none'",
        'form-action': "'none'",
        'frame-ancestors': "'none'",
        'require-trusted-types-for': "'script'",
        'trusted-types': 'meerkat-xml',
      });
      expect(fields['x-content-type-options']).toBe('nosniff');
      expect(body).not.toMatch(/<script(?![^>]* src=)|<style|\son\w+=|\sstyle=|https?:\/\//);
    });

    it('RFC 9110 section 13.1.2: a page that has not changed is not sent again', async () => {
      const { fields } = await page();
      expect(fields['cache-control']).toBe('no-cache');
      const again = await ask(port(), get('/', `If-None-Match: "other", ${fields['etag']}\r\n`));
      expect([again.status, again.body, again.fields['etag']]).toEqual([304, '', fields['etag']]);
      expect((await ask(port(), get('/', 'If-None-Match: "other"\r\n'))).status).toBe(200);
    });

    it('every file that the page names is there under a path that changes with it, and is kept for good', async () => {
      const names = filesOf(await page());
      expect(names.filter((name) => name.endsWith('/main.js')).length).toBeGreaterThan(0);
      for (const name of names) {
        const { status, fields } = await ask(port(), get(`/${name}`));
        expect([name, status]).toEqual([name, 200]);
        expect(fields['cache-control']).toBe('public, max-age=31536000, immutable');
        expect(fields['content-type']).toMatch(/^(?:text\/(?:javascript|css)|image\/svg)/);
      }
      expect((await ask(port(), get('/assets/main.js'))).status).toBe(404);
    });

    it.each(['../main.js', '..%2f..%2fmain.js', '%2e%2e/web/main.js', 'index.html', 'tsconfig.json', 'main.ts'])(
      'nothing else is there, such as %s',
      async (name) => {
        const [main] = filesOf(await page()).filter((one) => one.endsWith('/main.js'));
        expect((await ask(port(), get(`/${(main as string).replace('main.js', name)}`))).status).toBe(404);
      },
    );

    it('tells what runs, from the configuration', async () => {
      const { fields, body } = await ask(port(), get('/server.json'));
      expect(fields['cache-control']).toBe('no-cache');
      expect(JSON.parse(body)).toMatchObject({
        shards: 2,
        domain: 'localhost',
        domains: ['localhost', 'other.example'],
        websocket: `${elsewhere()}/ws`,
        ports: [
          { kind: 'xmpp', port: server().port, security: 'none', isLocal: true },
          { kind: 'websocket', port: server().ports[2], path: '/ws', security: 'tls', isLocal: true },
        ],
      });
    });

    it('may have a path of its own, which ends with a slash', async () => {
      const { status, fields } = await ask(port(), get('/our/chat'));
      expect([status, fields['location']]).toEqual([308, './chat/']);
      const moved = await ask(port(), get('/our/chat/'));
      expect([moved.status, moved.body]).toEqual([200, (await page()).body]);
      expect((await ask(port(), get('/our/chat/server.json'))).status).toBe(200);
    });

    it('is compressed where the listener compresses, under the same weak tag', async () => {
      const client = await RawHttp.connect(port());
      client.send(get('/', 'Accept-Encoding: gzip\r\n'));
      const { fields } = await client.answer();
      client.destroy();
      expect(fields['content-encoding']).toBe('gzip');
      expect(fields['etag']).toBe((await page()).fields['etag']);
      expect(fields['etag']).toMatch(/^W\/"/);
    });

    it.each(["a;script-src'unsafe-inline'", 'a%zz', 'a,b', "'none'"])(
      'a host named %s gets nothing into the policy',
      async (host) => {
        const { status, fields } = await ask(port(), `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
        expect(status).toBe(200);
        expect(fields['content-security-policy']).toContain("; connect-src 'self'; base-uri 'none';");
      },
    );

    it('is not there where no handler is named', async () => {
      expect((await ask(server().ports[2] as number, get('/'), { tls: {} })).status).toBe(404);
    });
  },
);

function filesOf({ body }: RawAnswer): string[] {
  return [...new Set([...body.matchAll(/(?:href|src)="([^"]+)"/g)].map((match) => match[1] as string))];
}
