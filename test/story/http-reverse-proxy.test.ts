/** `mod_revproxy` and `mod_cowboy`: requests that go on to another server, and those that must not. */
import { createHash } from 'node:crypto';
import { get as httpGet, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { ask, get, RawHttp } from '../support/story/raw-http.js';
import { RawWebSocket } from '../support/story/raw-websocket.js';
import { freePorts } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';
import { type Echo, LARGE, startBabbler, startUpstream, type Upstream } from '../support/story/upstream.js';

let upstream: Upstream;
const babblers: Awaited<ReturnType<typeof startBabbler>>[] = [];
const BABBLE = [
  ['no HTTP', 'hello\r\n\r\n'],
  ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\nabc'],
  ['a length and chunks', 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n'],
  ['a field that is none', 'HTTP/1.1 200 OK\r\nBad Field: 1\r\n\r\n'],
  ['20,000 bytes of fields', `HTTP/1.1 200 OK\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['an upgrade that nobody asked for', 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n'],
] as const;
let dead = 0;

beforeAll(async () => {
  upstream = await startUpstream();
  for (const [, text] of BABBLE) babblers.push(await startBabbler(text));
  dead = (await freePorts(1))[0] as number;
});
afterAll(async () => {
  await Promise.all([upstream, ...babblers].map((one) => one.stop()));
});

function config(): string {
  const to = `http://127.0.0.1:${upstream.port}`;
  const babble = babblers.map(({ port }, index) => route(`/babble/${index}`, `http://127.0.0.1:${port}`));
  return `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  forwarded_trusted = ["127.0.0.3"]
  [[listen.http.handlers.mod_revproxy]]
    host = "_"
    path = "/[...]"
    timeout = 30_000
    body_length = 4_000_000
    custom_headers = {X-Behind = "Meerkat", Accept = "text/x-ours"}
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mod_revproxy]]
    host = "_"
    path = "/[...]"
    timeout = 300
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mod_cowboy]]
    host = "_"
    path = "/[...]"
    http.mod_revproxy = {timeout = 30_000}
    ws.xmpp.mod_websockets = {max_stanza_size = 70_000, allowed_origins = ["https://chat.example"]}
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mod_cowboy]]
    host = "_"
    path = "/web"
    http.mod_revproxy = {}
  [[listen.http.handlers.mod_cowboy]]
    host = "_"
    path = "/ws"
    ws.xmpp.mod_websockets = {}
  [[listen.http.handlers.meerkat_host_meta_handler]]
${route('/app', to)}
${route('/inner/:name', `${to}/x/:name/`)}
${route('/web', to)}
${route('/get', to, 'method = "get"')}
${route('/dead', `http://127.0.0.1:${dead}`)}
${route('/tls', `https://127.0.0.1:${upstream.port}`)}
${babble.join('')}
[[modules.mod_revproxy.routes]]
  host = ":who.example"
  path = "_"
  upstream = "${to}/hosts/:who"
`;
}

function route(path: string, to: string, more = ''): string {
  return `[[modules.mod_revproxy.routes]]\n  host = "_"\n  path = "${path}"\n  upstream = "${to}"\n  ${more}\n`;
}

onBothEngines(
  'the reverse proxy',
  (engine) => ownConfig({ engine, shards: 2, rest: config() }),
  (server) => {
    const port = (index = 1) => server().ports[index] as number;
    const url = (path: string, index = 1) => `http://127.0.0.1:${port(index)}${path}`;
    const echoed = async (request: string, options = {}) => {
      const { status, body } = await ask(port(), request, options);
      expect(status).toBe(200);
      const echo = JSON.parse(body) as Echo;
      const pairs = echo.fields.flatMap((name, at) =>
        at % 2 === 0 ? [[name.toLowerCase(), echo.fields[at + 1]] as const] : [],
      );
      return { ...echo, fields: Object.fromEntries(pairs), names: pairs.map(([name]) => name) };
    };

    it('passes on method, path, query, host and fields, and tells who asks', async () => {
      const fields = 'User-Agent: one\r\nCookie: a=b\r\nX-Forwarded-For: 10.9.9.9\r\nForwarded: for=10.9.9.8\r\n';
      const echo = await echoed(get('/app/a%20b//c/?q=%C3%A4&r', fields), { from: '127.0.0.9' });
      expect([echo.method, echo.url]).toEqual(['GET', '/app/a%20b/c/?q=%C3%A4&r']);
      expect(echo.fields).toMatchObject({
        host: 'localhost',
        'user-agent': 'one',
        cookie: 'a=b',
        'x-forwarded-for': '127.0.0.9',
        'x-forwarded-proto': 'http',
        'x-forwarded-host': 'localhost',
        via: expect.stringMatching(/^1\.1 meerkat-[0-9a-f]{16}$/),
      });
      expect(echo.names).not.toContain('forwarded');
      expect(new Set(echo.names).size).toBe(echo.names.length);
    });

    it('believes a trusted proxy in front who asks', async () => {
      const fields = 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n';
      const echo = await echoed(get('/app', fields), { from: '127.0.0.3' });
      expect(echo.fields).toMatchObject({ 'x-forwarded-for': '192.0.2.7', 'x-forwarded-proto': 'https' });
    });

    it('custom_headers are sent in place of those of the client', async () => {
      const { fields, names } = await echoed(get('/app', 'Accept: */*\r\nX-Behind: me\r\n'));
      expect([fields['x-behind'], fields['accept']]).toEqual(['Meerkat', 'text/x-ours']);
      expect(names.filter((name) => name === 'accept')).toHaveLength(1);
    });

    it('RFC 9110 section 7.6.1: what is about a connection stays there, in both directions', async () => {
      const fields = [
        'Connection: X-Private, keep-alive, Content-Length, Host',
        'X-Private: 1',
        'Keep-Alive: timeout=9',
        'TE: trailers',
        'Upgrade: h2c',
        'Proxy-Authorization: Basic YTpi',
      ];
      const echo = await echoed(
        `POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n${fields.join('\r\n')}\r\n\r\nabc`,
      );
      for (const name of ['x-private', 'te', 'upgrade', 'proxy-authorization']) {
        expect(echo.names).not.toContain(name);
      }
      expect([echo.fields['host'], echo.length]).toEqual(['a', 3]);
      const answer = await fetch(url('/app/cookies'));
      expect(answer.headers.get('x-private')).toBeNull();
      expect(answer.headers.getSetCookie()).toEqual(['a=1; Path=/', 'b=2']);
    });

    it('RFC 9110 section 5.5: UTF-8 in fields goes through as it is, and on the way back every byte', async () => {
      const { fields } = await echoed(get('/app', 'X-Name: "ä€"\r\n'));
      expect(Buffer.from(fields['x-name'] as string, 'latin1').toString()).toBe('"ä€"');
      const client = await RawHttp.connect(port());
      client.send(get('/app/named'));
      await eventually(() => client.received.includes('\r\n\r\n'));
      const text = client.received.toString('latin1').toLowerCase();
      expect([text.includes('x-utf8: "\u00c3\u00a4"'.toLowerCase()), text.includes('x-latin1: "\u00e4"')]).toEqual([
        true,
        true,
      ]);
      client.destroy();
    });

    it('RFC 9110 section 10.1.1: a client that expects 100 gets it here', async () => {
      const client = await RawHttp.connect(port());
      client.send('POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n');
      expect((await client.answer()).status).toBe(100);
      client.send('abc');
      const { fields, length } = JSON.parse((await client.answer()).body) as Echo;
      expect([fields.map((name) => name.toLowerCase()).includes('expect'), length]).toEqual([false, 3]);
      client.destroy();
    });

    it('an upstream with a path of its own gets what is behind the path of the route', async () => {
      expect((await echoed(get('/inner/%41lice/more?x'))).url).toBe('/x/%41lice/more?x');
      expect((await echoed(get('/inner/bob'))).url).toBe('/x/bob/');
      expect((await echoed('GET /more HTTP/1.1\r\nHost: Alice.Example:8080\r\n\r\n')).url).toBe('/hosts/alice/more');
    });

    it('bodies go on as they come, in any size up to body_length', async () => {
      const body = LARGE.subarray(0, 4_000_000);
      const answer = await fetch(url('/app/put'), { method: 'PUT', body });
      const echo = (await answer.json()) as Echo;
      expect(echo).toMatchObject({ method: 'PUT', length: body.length, sha256: sha256(body) });
      expect(echo.fields.map((field) => field.toLowerCase())).not.toContain('transfer-encoding');
    });

    it('answers come back as they are made, with their length where it is known', async () => {
      const [large, chunks] = await Promise.all(['large', 'chunks'].map((name) => fetch(url(`/app/${name}`))));
      expect(large?.headers.get('content-length')).toBe(String(LARGE.length));
      expect(chunks?.headers.get('content-length')).toBeNull();
      for (const answer of [large, chunks]) {
        expect(sha256(Buffer.from((await answer?.arrayBuffer()) as ArrayBuffer))).toBe(sha256(LARGE));
      }
    });

    it.each(['large', 'chunks'])('a client that reads late gets all of "%s"', async (name) => {
      const answer = await new Promise<IncomingMessage>((resolve) => httpGet(url(`/app/${name}`), resolve));
      const hash = createHash('sha256');
      let isHeld = false;
      for await (const chunk of answer) {
        hash.update(chunk as Buffer);
        // Long enough for everything in between to fill up.
        if (!isHeld) await new Promise((resolve) => setTimeout(resolve, 200));
        isHeld = true;
      }
      expect(hash.digest('hex')).toBe(sha256(LARGE));
    });

    it('answers without a body are passed on, and the connection stays', async () => {
      const client = await RawHttp.connect(port());
      client.send(`HEAD /app/large HTTP/1.1\r\nHost: a\r\n\r\n`);
      const head = await client.answer(true);
      expect([head.status, head.fields['content-length']]).toEqual([200, String(LARGE.length)]);
      client.send(get('/app/empty'));
      expect(await client.answer()).toMatchObject({ status: 204, fields: { 'x-shown': 'yes', server: 'Meerkat' } });
      client.send(get('/app/unchanged'));
      expect(await client.answer(true)).toMatchObject({ status: 304, fields: { etag: '"1"' } });
      client.send(get('/app'));
      expect((await client.answer()).status).toBe(200);
      client.destroy();
    });

    it('an answer that comes before the end of the request does not hold it up', async () => {
      const client = await RawHttp.connect(port());
      const body = LARGE.subarray(0, 3_000_000);
      client.send(`POST /app/refuses HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n`);
      client.send(body);
      expect(await client.answer()).toMatchObject({ status: 403, body: 'not for you' });
      // The rest of the body is taken, and then the next request.
      client.send(get('/app/next'));
      expect(JSON.parse((await client.answer()).body)).toMatchObject({ url: '/app/next' });
      client.destroy();
    });

    it.each([
      ['a path that no route leads from', 'GET /other HTTP/1.1\r\nHost: a\r\n\r\n', 404],
      ['a method that no route leads from', 'POST /get HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n', 404],
      ['a step up', 'GET /app/../other HTTP/1.1\r\nHost: a\r\n\r\n', 404],
      ['a hidden step up', 'GET /app/%2e%2e/other HTTP/1.1\r\nHost: a\r\n\r\n', 404],
      ['a step up with parameters', 'GET /app/..;x/other HTTP/1.1\r\nHost: a\r\n\r\n', 404],
      ['a hidden slash', 'GET /app/a%2fb HTTP/1.1\r\nHost: a\r\n\r\n', 404],
      ['a name of another host', 'GET / HTTP/1.1\r\nHost: a.b.example\r\n\r\n', 404],
      ['a whole address', 'GET http://other/app HTTP/1.1\r\nHost: a\r\n\r\n', 505],
      ['an address of a tunnel', 'CONNECT other:80 HTTP/1.1\r\nHost: a\r\n\r\n', 505],
      ['a method of the proxy', 'TRACE /app HTTP/1.1\r\nHost: a\r\n\r\n', 405],
      ['a fragment', 'GET /app#x HTTP/1.1\r\nHost: a\r\n\r\n', 400],
      ['a body in chunks', 'POST /app HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 411],
      [
        'a body with two ends',
        'POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
        400,
      ],
      ['two lengths', 'POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab', 400],
      ['a body over body_length', 'POST /app HTTP/1.1\r\nHost: a\r\nContent-Length: 4000001\r\n\r\n', 413],
    ])('%s is not passed on', async (_, request, status) => {
      const before = upstream.asked.length;
      const answer = await ask(port(), request);
      expect(answer.status).toBe(status);
      if (status === 404) expect(answer.body).not.toBe('');
      expect(upstream.asked.slice(before)).toEqual([]);
    });

    it('a body that looks like a request is a body', async () => {
      const client = await RawHttp.connect(port());
      const hidden = get('/app/hidden');
      client.send(`POST /app/first HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
      expect(JSON.parse((await client.answer()).body)).toMatchObject({ url: '/app/first', length: hidden.length });
      client.send(`GET /app/second HTTP/1.1\r\nHost: a\r\nContent-Length: ${hidden.length}\r\n\r\n${hidden}`);
      expect(JSON.parse((await client.answer()).body)).toMatchObject({ url: '/app/second', length: hidden.length });
      expect(upstream.asked).not.toContain('/app/hidden');
      client.destroy();
    });

    it('an upstream that is not there gets 502, and tells the client nothing of where it is', async () => {
      const { status, body } = await ask(port(), get('/dead'));
      expect([status, body.includes(String(dead))]).toEqual([502, false]);
    });

    it('an upstream whose certificate nobody vouches for, or that has none, gets 502', async () => {
      expect((await ask(port(), get('/tls'))).status).toBe(502);
    });

    it.each(BABBLE.map(([what], index) => [what, index] as const))(
      'an upstream that says %s gets 502',
      async (_, index) => {
        expect((await ask(port(), get(`/babble/${index}`))).status).toBe(502);
      },
    );

    it('timeout: an upstream that does not answer gets 504, and is asked no longer', async () => {
      const before = upstream.abandoned.length;
      expect((await ask(port(2), get('/app/silent'))).status).toBe(504);
      await eventually(() => upstream.abandoned.slice(before).includes('/app/silent'));
      const body = 'x'.repeat(3_000);
      const post = `POST /app/silent HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      expect((await ask(port(2), post)).status).toBe(504);
    });

    it('timeout: an answer that does not go on ends the connection', async () => {
      let received = '504';
      // On a busy machine the answer may begin too late.
      while (received.includes('504')) {
        const client = await RawHttp.connect(port(2));
        client.send(get('/app/stalls'));
        await eventually(() => client.isClosed || client.received.includes('504'));
        received = client.received.toString();
        client.destroy();
      }
      expect(received).toMatch(/^HTTP\/1.1 200 OK[\s\S]*Content-Length: 100\r\n[\s\S]*so far$/i);
    });

    it.each(['breaks', 'breaks-chunks'])(
      'an answer that ends too early (%s) is not passed on as a whole one',
      async (name) => {
        const client = await RawHttp.connect(port());
        client.send(get(`/app/${name}`));
        await client.closed();
        expect(client.received.toString()).not.toContain('\r\n0\r\n\r\n');
        await expect(fetch(url(`/app/${name}`)).then((answer) => answer.text())).rejects.toThrow();
      },
    );

    it('a client that goes is waited for no longer', async () => {
      const client = await RawHttp.connect(port());
      client.send(get('/app/silent?gone'));
      await eventually(() => upstream.asked.includes('/app/silent?gone'));
      client.destroy();
      await eventually(() => upstream.abandoned.includes('/app/silent?gone'));
    });

    it('a request that comes back here is told so', async () => {
      // Whichever shard it comes back to.
      const seen = await Promise.all([0, 1, 2, 3].map(() => ask(port(), get(`/app/back?port=${port()}`))));
      expect(seen.map(({ status }) => status)).toEqual([508, 508, 508, 508]);
    });

    it('mod_cowboy: WebSocket with the subprotocol xmpp is XMPP, and all else goes on', async () => {
      const credentials = {
        username: `cow-${Math.random().toString(36).slice(2)}`,
        domain: 'localhost',
        password: 'x',
      };
      const actor = await Actor.join(speaks(port(3), 'WebSocket'), credentials);
      expect(actor.client.text).toContain('<max-bytes>70000</max-bytes>');
      actor.send(`<message to='${actor.jid}'><body>hi</body></message>`);
      await actor.receives('<message><body>hi</body></message>');
      expect(((await (await fetch(url('/app', 3))).json()) as Echo).url).toBe('/app');
      await expect(RawWebSocket.connect(port(3), { fields: 'Origin: https://x.example\r\n' })).rejects.toThrow('403');
      actor.vanish();
    });

    it.each(['mqtt', ''])(
      'mod_cowboy: a WebSocket with the subprotocol "%s" gets 404, and does not go on',
      async (protocol) => {
        const before = upstream.asked.length;
        await expect(RawWebSocket.connect(port(3), { path: '/app', protocol })).rejects.toThrow('404');
        expect((await ask(port(3), get('/app', 'Upgrade: websocket\r\n'))).status).toBe(426);
        expect(upstream.asked.slice(before)).toEqual([]);
      },
    );

    it('mod_cowboy: what has no handler gets 404', async () => {
      expect((await ask(port(4), get('/web'))).status).toBe(200);
      await expect(RawWebSocket.connect(port(4), { path: '/web' })).rejects.toThrow('404');
      expect(await ask(port(4), get('/ws'))).toMatchObject({ status: 404, body: expect.stringContaining('WebSocket') });
      (await RawWebSocket.connect(port(4), { path: '/ws' })).destroy();
      const { body } = await ask(port(4), get('/.well-known/host-meta.json'));
      expect(JSON.parse(body)).toEqual({
        links: [{ rel: 'urn:xmpp:alt-connections:websocket', href: 'ws://localhost/ws' }],
      });
    });
  },
);

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
