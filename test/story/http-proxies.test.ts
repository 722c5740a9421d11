/** NGINX and HAProxy in front of `[[listen.http]]`, set up as docs/operations/http.md says. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { issue } from '../support/engine/certificates.js';
import { Actor, authenticate, bind, type Credentials, register } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { eventually } from '../support/story/eventually.js';
import { type Haproxy, haproxyProgram, startHaproxy } from '../support/story/haproxy.js';
import { type Nginx, nginxProgram, startNginx } from '../support/story/nginx.js';
import { RawClient } from '../support/story/raw-client.js';
import { ask, get } from '../support/story/raw-http.js';
import { RawWebSocket } from '../support/story/raw-websocket.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';

const page = readFileSync(new URL('../../docs/operations/http.md', import.meta.url), 'utf8');
const blocks = (language: string) =>
  [...page.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'gms'))].map(([, text]) => text as string);
const [webListener, tlsListener] = blocks('toml') as [string, string];
const [nginxServer] = blocks('nginx') as [string];
const [httpFrontend, tcpFrontend] = blocks('haproxy') as [string, string];

/** Each text has to be there. */
function replaced(text: string, ...pairs: readonly (readonly [string, string])[]): string {
  return pairs.reduce((all, [from, to]) => {
    if (!all.includes(from)) throw new Error(`the page does not say ${from} any more`);
    return all.replaceAll(from, to);
  }, text);
}

const certificate = issue({ name: 'localhost' });
const FILES = {
  'cert.pem': certificate.certificate,
  'key.pem': certificate.key,
  'both.pem': certificate.certificate + certificate.key,
};
/** The proxies themselves come from 127.0.0.1. */
const CLIENT = '127.0.0.8';

// What is the same for both engines is looked at with one of them.
const [engine = 'portable'] = ENGINES;
let server: TestServer;

beforeAll(async () => {
  const rest =
    replaced(webListener, ['port = 5280', 'port = PORT']) +
    replaced(tlsListener, ['port = 5281', 'port = PORT\n  ip_address = "127.0.0.1"']);
  server = await startServer({ config: ownConfig({ engine, shards: 2, rest }) });
});

afterAll(async () => {
  await server?.stop();
});

describe.skipIf(!nginxProgram)(`NGINX${nginxProgram ? '' : ' (skipped: apt-get install nginx)'}`, () => {
  let nginx: Nginx;

  beforeAll(async () => {
    const upstream = `127.0.0.1:${server.ports[1]}`;
    const good = replaced(
      nginxServer,
      ['listen 443 ssl', 'listen 127.0.0.1:PORT ssl'],
      ['127.0.0.1:5280', upstream],
      ['/etc/ssl/chat.example.org.pem', 'DIR/cert.pem'],
      ['/etc/ssl/chat.example.org.key', 'DIR/key.pem'],
    );
    const bad = ['proxy_http_version 1.1;', ''].map(
      (lines) => `server { listen 127.0.0.1:PORT; location / { proxy_pass http://${upstream}; ${lines} } }`,
    );
    nginx = await startNginx(good + bad.join(''), FILES);
  });

  afterAll(async () => {
    await nginx?.stop();
  });

  behind(() => nginx.ports[0] as number);

  it('without the fields of an upgrade: the answer says so', async () => {
    await expect(RawWebSocket.connect(nginx.ports[1] as number)).rejects.toThrow(/426 .*Behind a reverse proxy/);
    await expect(RawWebSocket.connect(nginx.ports[2] as number)).rejects.toThrow('505');
  });

  it('XEP-0156: host-meta tells the address of NGINX', async () => {
    const request = get('/.well-known/host-meta.json').replace('localhost', 'chat.example.org');
    const { body } = await ask(nginx.ports[0] as number, request, { tls: {} });
    expect(JSON.parse(body).links[0].href).toBe('wss://chat.example.org/ws-xmpp');
  });
});

describe.skipIf(!haproxyProgram)(`HAProxy${haproxyProgram ? '' : ' (skipped: apt-get install haproxy)'}`, () => {
  let haproxy: Haproxy;

  beforeAll(async () => {
    const overHttp = replaced(
      httpFrontend,
      ['bind :443', 'bind 127.0.0.1:PORT'],
      ['/etc/haproxy/chat.example.org.pem', 'DIR/both.pem'],
      ['127.0.0.1:5280 check', `127.0.0.1:${server.ports[1]} check inter 100`],
    );
    const overTcp = replaced(
      tcpFrontend,
      ['bind :8443', 'bind 127.0.0.1:PORT'],
      ['127.0.0.1:5281', `127.0.0.1:${server.ports[2]}`],
    );
    haproxy = await startHaproxy([overHttp, overTcp], FILES);
    await eventually(async () => (await haproxy.servers()).every(({ status }) => status === 'UP'));
  });

  afterAll(async () => {
    await haproxy?.stop();
  });

  describe('with X-Forwarded-For', () => behind(() => haproxy.ports[0] as number));
  describe('with the PROXY protocol', () => behind(() => haproxy.ports[1] as number));

  it('health checks find the server ready', async () => {
    const one = async () => (await haproxy.servers()).find(({ pxname }) => pxname === 'meerkat');
    await eventually(async () => (await one())?.['check_status'] === 'L7OK');
  });
});

/** What clients behind any proxy with TLS find. */
function behind(port: () => number): void {
  const secure = () => speaks(port(), 'WebSocket');
  const fields = 'X-Forwarded-For: 203.0.113.9\r\nX-Forwarded-Proto: http\r\nForwarded: for=203.0.113.10\r\n';

  it('a session has the address of its client, whatever the client claims', async () => {
    const credentials = await someone();
    for (const more of ['', fields]) {
      const client = await RawClient.connect(secure(), { from: CLIENT, tls: {}, fields: more });
      await client.open();
      await authenticate(client, credentials);
      await client.open();
      const jid = await bind(client);
      const { result } = await new Ctl(server.dataDir).json(`session listUserSessions --user ${jid.split('/')[0]}`);
      expect(result).toMatchObject([{ user: jid, ip: CLIENT }]);
      client.send('</stream:stream>');
      await client.closed();
    }
  });

  it('stanzas of every size get through, both ways', async () => {
    const [alice, bob] = (await Promise.all([someone(), someone()])) as [Credentials, Credentials];
    const [one, other] = await Promise.all([alice, bob].map((who) => login(secure(), who)));
    for (const size of [1, 125, 126, 4_000, 65_535, 65_536, 200_000]) {
      one?.send(`<message to='${other?.jid}' id='s${size}'><body>${'x'.repeat(size)}</body></message>`);
      const message = await other?.receives(`<message id='s${size}'/>`);
      expect(message?.getChildText('body')?.length).toBe(size);
    }
    one?.vanish();
    other?.vanish();
  });
}

async function login(port: number, credentials: Credentials): Promise<Actor> {
  return Actor.login(port, credentials, undefined, { tls: {} });
}

async function someone(): Promise<Credentials> {
  const credentials = { username: `p-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
  await register(server.port, credentials);
  return credentials;
}
