/** `[[listen.http]]`: how many connections there may be, and how long slow ones may take. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { register } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { RawClient } from '../support/story/raw-client.js';
import { ask, get, RawHttp } from '../support/story/raw-http.js';
import { RawWebSocket } from '../support/story/raw-websocket.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

const HANDLERS = [
  clientHandler('mongoose_websocket_handler', 'state_timeout = 60_000'),
  '[[listen.http.handlers.meerkat_health_handler]]',
];

// The HTTP server is the same for both engines.
const [engine = 'portable'] = ENGINES;

describe('limits of HTTP', () => {
  let server: TestServer;

  beforeAll(async () => {
    const rest = [
      'transport.max_connections = 3',
      'tls = {certificate = "automatic"}',
      'proxy_protocol = true\n  proxy_trusted = ["127.0.0.1"]',
      '',
    ];
    const limits = `
[meerkat.limits]
  exempt_addresses = []
  connections_per_address = 3
  unauthenticated_per_address = 2
  failed_logins_per_address = 3
`;
    const listeners = ['state_timeout = 60_000'];
    const config = ownConfig({
      engine,
      shards: 2,
      listeners,
      rest: rest.map((lines) => webListener(lines, ...HANDLERS)).join('') + limits,
    });
    server = await startServer({ config });
  });

  afterAll(async () => {
    await server?.stop();
  });

  it('transport.max_connections: WebSockets over all shards together; one more gets 503, and a place that is left is free', async () => {
    const port = server.ports[1] as number;
    const sockets = [];
    for (let count = 0; count < 3; count++) {
      const from = `127.0.1.${count + 1}`;
      sockets.push(await RawWebSocket.connect(port, { http: { from } }));
    }
    for (let tries = 0; tries < 5; tries++) {
      await expect(RawWebSocket.connect(port)).rejects.toThrow(/503 .*max_connections/);
    }
    const refused = await ask(port, get('/livez'));
    expect([refused.status, refused.fields['retry-after']]).toEqual([503, '10']);
    sockets[0]?.destroy();
    await eventually(async () => (await ask(port, get('/livez'))).status === 200);
    for (const socket of sockets) socket.destroy();
  });

  it('one address may have so many connections without a login, over all transports', async () => {
    const web = speaks(server.ports[4] as number, 'WebSocket');
    const from = '127.0.2.1';
    const first = [await RawClient.connect(web, { from }), await RawClient.connect(server.port, { from })];
    for (const port of [web, server.port]) {
      const client = await RawClient.connect(port, { from });
      expect(await client.fails()).toBe('policy-violation');
    }
    const elsewhere = await RawClient.connect(web, { from: '127.0.2.2' });
    await elsewhere.open();
    for (const client of [...first, elsewhere]) client.destroy();
  });

  it('so many failed logins lock an address, as over TCP', async () => {
    const web = speaks(server.ports[4] as number, 'WebSocket');
    const credentials = { username: 'locked', domain: 'localhost', password: 'secret' };
    await register(server.port, credentials);
    const outcomes: string[] = [];
    for (let count = 0; count < 5; count++) {
      const client = await RawClient.connect(web, { from: '127.0.3.1' });
      await client.open();
      const guess = Buffer.from('\0locked\0wrong').toString('base64');
      client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${guess}</auth>`);
      const failure = await client.next((element) => element.is('failure'));
      outcomes.push(failure.getChildElements()[0]?.getName() ?? '');
      client.destroy();
    }
    expect(outcomes.slice(0, 3)).toEqual(Array(3).fill('not-authorized'));
    expect(outcomes.at(-1)).toBe('temporary-auth-failure');
  });

  // All at once, as each takes its ten seconds.
  const SLOW: readonly (readonly [string, number, string, boolean])[] = [
    ['nothing on a plain port', 4, '', false],
    ['nothing on a port with TLS', 2, '', false],
    ['half of a PROXY header', 3, 'PROXY TCP4 192.0', false],
    ['nothing behind a PROXY header', 3, 'PROXY TCP4 192.0.2.7 192.0.2.1 1234 80\r\n', false],
    ['the fields of a request, one byte after the other', 4, 'GET /livez HTTP/1.1\r\nHost: a\r\nX: ', true],
    ['a request behind another, one byte after the other', 4, get('/livez'), true],
  ];

  it('whoever takes his time is closed, however steadily he goes on', async () => {
    const left = new Set(SLOW.map(([what]) => what));
    const clients = SLOW.map(async ([what, index, first, goesOn]) => {
      const client = await RawHttp.connect(server.ports[index] as number);
      if (first !== '') client.send(first);
      const drip = goesOn ? setInterval(() => client.send('x'), 500) : undefined;
      await eventually(() => client.isClosed, 50_000).finally(() => clearInterval(drip));
      left.delete(what);
    });
    await Promise.allSettled(clients);
    expect([...left]).toEqual([]);
  });
});
