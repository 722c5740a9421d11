/** `[[listen.http]]`: which requests are served, and what is said to the others. */
import { expect, it } from 'vitest';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { ask, get, RawHttp } from '../support/story/raw-http.js';

const LISTENER = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  transport.num_acceptors = 10
  protocol.compress = true
  [[listen.http.handlers.meerkat_health_handler]]
    path = "/health"
  [[listen.http.handlers.meerkat_host_meta_handler]]
    host = "chat.example"
    websocket_url = "wss://{host}/ws"
    bosh_url = "https://bosh.{host}/bind"
`;
const HTTP = 1;
const PROBES = '/health/livez';

onBothEngines(
  'listen.http',
  (engine) => ownConfig({ engine, general: '  http_server_name = "Cowboy"', rest: LISTENER }),
  (server) => {
    const port = () => server().ports[HTTP] as number;

    it('a handler answers, under the name that http_server_name gives', async () => {
      const { status, fields, body } = await ask(port(), get(PROBES));
      expect([status, fields['server'], body]).toEqual([200, 'Cowboy', 'ok\n']);
      expect((await ask(port(), get('/health/readyz'))).status).toBe(200);
    });

    it('RFC 9110 section 9.3.2: HEAD gives the fields of GET without the body', async () => {
      const client = await RawHttp.connect(port());
      client.send(`HEAD ${PROBES} HTTP/1.1\r\nHost: a\r\n\r\n`);
      const head = await client.answer(true);
      expect([head.status, head.fields['content-length']]).toEqual([200, '3']);
      client.send(get(PROBES));
      expect((await client.answer()).body).toBe('ok\n');
      client.destroy();
    });

    it('RFC 9110 section 15.5.6: 405 says what is allowed, and so does OPTIONS', async () => {
      const wrong = await ask(port(), `DELETE ${PROBES} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect([wrong.status, wrong.fields['allow']]).toEqual([405, 'GET, HEAD, OPTIONS']);
      expect(wrong.body).toContain('expected GET');
      const options = await ask(port(), `OPTIONS ${PROBES} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect([options.status, options.fields['allow']]).toEqual([204, 'GET, HEAD, OPTIONS']);
      expect(options.fields['content-length']).toBeUndefined();
    });

    it('a path that nobody serves gets 404', async () => {
      expect(await ask(port(), get('/nothing'))).toMatchObject({ status: 404, body: expect.stringContaining('path') });
      expect((await ask(port(), get('/health'))).status).toBe(404);
      expect((await ask(port(), get('/health/..%2fhealth/livez'))).status).toBe(404);
    });

    it('a handler with a host answers to requests for that host alone', async () => {
      const asking = (host: string) => ask(port(), `GET /.well-known/host-meta.json HTTP/1.1\r\nHost: ${host}\r\n\r\n`);
      const served = await asking('Chat.Example:8080');
      expect(served.status).toBe(200);
      expect(JSON.parse(served.body)).toEqual({
        links: [
          { rel: 'urn:xmpp:alt-connections:websocket', href: 'wss://chat.example/ws' },
          { rel: 'urn:xmpp:alt-connections:xbosh', href: 'https://bosh.chat.example/bind' },
        ],
      });
      expect((await asking('other.example')).status).toBe(404);
    });

    it('XEP-0156 section 3: pages of other origins may read host-meta', async () => {
      const head = 'Host: chat.example\r\nOrigin: https://web.example\r\n';
      const { fields, body } = await ask(port(), `GET /.well-known/host-meta HTTP/1.1\r\n${head}\r\n`);
      expect(fields['access-control-allow-origin']).toBe('*');
      expect(fields['content-type']).toContain('application/xrd+xml');
      expect(body).toContain("<Link rel='urn:xmpp:alt-connections:websocket' href='wss://chat.example/ws'/>");
      expect(body).toContain("<Link rel='urn:xmpp:alt-connections:xbosh' href='https://bosh.chat.example/bind'/>");
    });

    it('a body that is not expected gets 413, and the connection ends', async () => {
      const client = await RawHttp.connect(port());
      client.send(`GET ${PROBES} HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc`);
      expect((await client.answer()).status).toBe(413);
      await client.closed();
    });

    it('two requests in one packet are answered one after the other', async () => {
      const client = await RawHttp.connect(port());
      client.send(get(PROBES) + get('/nothing'));
      expect((await client.answer()).status).toBe(200);
      expect((await client.answer()).status).toBe(404);
      client.destroy();
    });

    it.each([
      ['two hosts', 'Host: a\r\nHost: b\r\n', 400],
      ['a host that is none', 'Host: a/b\r\n', 400],
      ['two lengths', 'Host: a\r\nContent-Length: 3\r\nContent-Length: 30\r\n', 400],
      ['a length that is none', 'Host: a\r\nContent-Length: 0x3\r\n', 400],
      ['an empty length', 'Host: a\r\nContent-Length:\r\n', 400],
      ['chunks', 'Host: a\r\nTransfer-Encoding: chunked\r\n', 411],
      ['an encoding that is none', 'Host: a\r\nTransfer-Encoding: xchunked\r\n', 411],
      ['two encodings', 'Host: a\r\nTransfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n', 400],
      ['chunks and a length', 'Host: a\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n', 400],
    ])(
      'RFC 9112 section 11.2: a request with %s is refused, and none behind it is served',
      async (_, fields, status) => {
        const client = await RawHttp.connect(port());
        client.send(`GET ${PROBES} HTTP/1.1\r\n${fields}\r\n`);
        expect(Number((await statusLine(client)).split(' ')[1])).toBe(status);
        await client.closed();

        const smuggler = await RawHttp.connect(port());
        smuggler.send(`GET ${PROBES} HTTP/1.1\r\n${fields}\r\n3;x=y\r\nabc\r\n0\r\n\r\n${get(PROBES)}`);
        await smuggler.closed();
        expect(smuggler.received.toString()).not.toContain('200 OK');
      },
    );
  },
);

async function statusLine(client: RawHttp): Promise<string> {
  await eventually(() => client.received.includes('\r\n'));
  return client.received.toString();
}
