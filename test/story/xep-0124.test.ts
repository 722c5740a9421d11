/** BOSH as its requests and answers (XEP-0124, XEP-0206); what goes through it is told by the stories that stand for all transports. */
import { parse } from 'ltx';
import { describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { haproxyProgram, startHaproxy } from '../support/story/haproxy.js';
import { takeKept } from '../support/story/kept-messages.js';
import { nginxProgram, startNginx } from '../support/story/nginx.js';
import { type BoshReply, bodyText, postBody } from '../support/story/raw-bosh.js';
import { RawHttp } from '../support/story/raw-http.js';
import { ENGINES, startServer } from '../support/story/server.js';
import { befriend } from '../support/story/story.js';
import { speaks } from '../support/story/transports.js';

const SHARDS = 3;
const config = (engine: (typeof ENGINES)[number]) =>
  ownConfig({
    engine,
    shards: SHARDS,
    hosts: ['localhost', 'closed.example'],
    rest: `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  forwarded_trusted = ["127.0.0.1"]
  [[listen.http.handlers.mod_bosh]]
    host = "_"
    path = "/http-bind"
    max_stanza_size = 10_000
    state_timeout = 20_000
[modules.mod_bosh]
  inactivity = 8
  max_wait = 50
  server_acks = true
[modules.mod_offline]
[modules.mod_private]
[services.service_bosh]
  host_types = ["localhost"]
`,
  });

const FIRST = { to: 'localhost', rid: '100', ver: '1.11', wait: '60', hold: '1' };
const attributesOf = ({ text }: BoshReply) => parse(text).attrs as Record<string, string>;

onBothEngines('XEP-0124', config, (server) => {
  const port = () => speaks(server().ports[1] as number, 'BOSH');
  const post = (attributes: Record<string, string | undefined>, payload = '') =>
    postBody(port(), bodyText(attributes, payload));
  const begin = async (attributes: Record<string, string> = {}) => {
    const { sid } = attributesOf(await post({ ...FIRST, ...attributes }));
    return sid as string;
  };
  const person = () => Actor.join(port(), { username: `b-${crypto.randomUUID()}`, domain: 'localhost', password: 'x' });

  it('sections 7.2, XEP-0206 section 4: the session comes with its attributes and its features', async () => {
    const reply = await post(FIRST);
    const { sid, authid, ...attributes } = attributesOf(reply);
    expect(sid).toMatch(/^\d-[0-9a-f]{40}$/);
    expect(authid).toBeTruthy();
    expect(attributes).toMatchObject({
      ...{ wait: '50', requests: '2', hold: '1', inactivity: '8', maxpause: '120', ver: '1.11', ack: '100' },
      ...{ from: 'localhost', 'xmpp:version': '1.0', 'xmpp:restartlogic': 'true' },
    });
    expect(reply.text).toContain('<stream:features');
    expect(reply.fields).toMatchObject({
      'content-type': 'text/xml; charset=utf-8',
      'access-control-allow-origin': '*',
    });
  });

  it('section 7.1: answers have the type that the client asked for, and are no page for a browser', async () => {
    const { fields } = await post({ ...FIRST, content: 'text/html; charset=utf-8' });
    expect(fields['content-type']).toBe('text/html; charset=utf-8');
    expect(fields).toMatchObject({
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
    });
  });

  it.each([
    ['a domain that is not served', { ...FIRST, to: 'nowhere.example' }, 200, 'host-unknown'],
    ['a domain whose host type must not use it', { ...FIRST, to: 'closed.example' }, 200, 'host-unknown'],
    ['no domain', { ...FIRST, to: undefined }, 200, 'improper-addressing'],
    ['a session that is not there', { rid: '1', sid: `0-${'0'.repeat(40)}` }, 200, 'item-not-found'],
    ['one of another shard', { rid: '1', sid: `1-${'0'.repeat(40)}` }, 200, 'item-not-found'],
    ['one of a shard that there is not', { rid: '1', sid: `9-${'0'.repeat(40)}` }, 200, 'item-not-found'],
    ['a session without a number', { ...FIRST, rid: undefined }, 200, 'bad-request'],
    ['the same from an old client', { to: 'localhost', wait: '60' }, 400, 'bad-request'],
  ])('section 17: %s is refused', async (_, attributes, status, condition) => {
    const reply = await post(attributes);
    expect(reply.status).toBe(status);
    expect(attributesOf(reply)).toMatchObject({ type: 'terminate', condition });
  });

  it('XEP-0206 section 6: an error of the stream ends the session', async () => {
    const sid = await begin();
    const { text } = await post({ rid: '101', sid }, '<message xmlns="jabber:client"/>');
    expect(parse(text).attrs).toMatchObject({ type: 'terminate', condition: 'remote-stream-error' });
    expect(text).toContain('not-authorized');
    expect(attributesOf(await post({ rid: '102', sid }))).toMatchObject({ condition: 'item-not-found' });
  });

  it('XEP-0206 section 5: a restart that names no domain is one of the same', async () => {
    const alice = await person();
    const sid = await begin();
    const login = Buffer.from(`\0${alice.jid.split('@')[0]}\0x`).toString('base64');
    const auth = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${login}</auth>`;
    expect((await post({ rid: '101', sid }, auth)).text).toContain('<success ');
    const { text } = await post({ rid: '102', sid, 'xmlns:xmpp': 'urn:xmpp:xbosh', 'xmpp:restart': 'true' });
    expect(text).toContain('<bind ');
    alice.vanish();
  });

  it('section 18: requests that are pipelined are neither lost nor taken twice, once they are sent again', async () => {
    const [alice, bob] = await Promise.all([person(), person()]);
    const { sid, rid } = alice.client.bosh as { sid: string; rid: number };
    alice.client.bosh!.isSilent = true;
    const bodies = [0, 1].map((number) => {
      const chat = `<message xmlns='jabber:client' type='chat' to='${bob.jid}' id='p${number}'><body>x</body></message>`;
      return bodyText({ sid, rid: String(rid + number) }, chat);
    });
    const piped = await RawHttp.connect(port());
    const requests = bodies.map(
      (text) => `Host: localhost
Content-Length: ${Buffer.byteLength(text)}

${text}`,
    );
    piped.send(
      requests
        .map(
          (request) => `POST /http-bind HTTP/1.1
${request}`,
        )
        .join(''),
    );
    await piped.closed();
    const [first, second] = bodies.map((text) => postBody(port(), text));
    expect((await first)?.text).not.toContain('terminate');
    await bob.receives(`<message id='p1'/>`);
    expect((await bob.hasReceived()).map((element) => element.attrs['id'])).toEqual(['p0']);
    bob.send(`<message type='chat' to='${alice.jid}'><body>y</body></message>`);
    expect((await second)?.text).toContain('<body>y</body>');
    alice.vanish();
    bob.vanish();
  });

  it('an answer that was lost is told once more, on whatever shard it is asked for', async () => {
    const alice = await person();
    const { sid, rid } = alice.client.bosh as { sid: string; rid: number };
    const jid = alice.jid;
    const ping = `<iq xmlns='jabber:client' type='get' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`;
    // The client itself is silent now: it holds a request, and hears of no answer to it.
    alice.client.bosh!.isSilent = true;
    const first = await post({ sid, rid: String(rid) }, ping);
    expect(first.text).toContain(jid);
    const again = await Promise.all(Array.from({ length: 6 }, () => post({ sid, rid: String(rid) }, ping)));
    for (const { text } of again) expect(text).toBe(first.text);
    alice.vanish();
  });

  it('a session that began over TLS takes nothing that did not come over TLS, and goes on', async () => {
    const { sid } = parse((await secure(port(), bodyText(FIRST))).body).attrs;
    expect(attributesOf(await post({ rid: '101', sid, type: 'terminate' }))).toMatchObject({
      condition: 'item-not-found',
    });
    const { body } = await secure(port(), bodyText({ rid: '101', sid, type: 'terminate' }));
    expect(parse(body).attrs).toMatchObject({ type: 'terminate' });
    expect(body).not.toContain('condition');
  });

  it('section 10: contacts see a client go that asks for nothing any more; it comes back to what they said', async () => {
    const [alice, bob] = await Promise.all([person(), person()]);
    await Promise.all([alice.available(), bob.available()]);
    await befriend(alice, bob);
    alice.client.bosh!.fallSilent();
    const bodies = ['one', 'two', 'three'];
    for (const body of bodies)
      bob.send(`<message type='chat' to='${alice.jid}' id='${body}'><body>${body}</body></message>`);
    await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    bob.vanish();
    expect(await takeKept(port(), alice)).toEqual(bodies);
  });

  it('a body that is too long, a compressed one, and the syntax for scripts are refused', async () => {
    const raw = await RawHttp.connect(port());
    const ask = (line: string, fields: string) => raw.send(`${line} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`);
    ask('GET /http-bind', '');
    expect(await raw.answer()).toMatchObject({ status: 200 });
    ask('GET /http-bind?%3Cbody%20rid=%271%27/%3E', '');
    expect(await raw.answer()).toMatchObject({ status: 400 });
    ask('OPTIONS /http-bind', 'Origin: https://chat.example\r\nAccess-Control-Request-Method: POST\r\n');
    expect(await raw.answer()).toMatchObject({
      status: 204,
      fields: { 'access-control-allow-origin': '*', 'access-control-allow-headers': 'Content-Type' },
    });
    ask('POST /http-bind', 'Content-Encoding: gzip\r\nContent-Length: 1\r\n');
    raw.send('x');
    expect(await raw.answer()).toMatchObject({ status: 415 });
    ask('POST /http-bind', 'Content-Length: 900000\r\n');
    expect(await raw.answer()).toMatchObject({ status: 413 });
    raw.destroy();
  });

  it('a stanza that is too large ends the session', async () => {
    const sid = await begin();
    const large = `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${'A'.repeat(20_000)}</auth>`;
    const reply = await post({ rid: '101', sid }, large);
    expect(attributesOf(reply)).toMatchObject({ type: 'terminate', condition: 'remote-stream-error' });
    expect(reply.text).toContain('policy-violation');
  });
});

describe.each([
  ['NGINX', nginxProgram],
  ['HAProxy', haproxyProgram],
] as const)('behind %s', (name, program) => {
  it.skipIf(!program)('two people chat, with requests that are held', async () => {
    const [engine = 'portable'] = ENGINES;
    const server = await startServer({ config: config(engine) });
    const upstream = `127.0.0.1:${server.ports[1]}`;
    const nginx = `server { listen 127.0.0.1:PORT; location / {
      proxy_pass http://${upstream}; proxy_http_version 1.1; proxy_set_header Connection ""; proxy_buffering off; } }`;
    const haproxy = `  mode http\n  timeout server 90s\n  bind 127.0.0.1:PORT\n  server s ${upstream}`;
    const proxy = await (name === 'NGINX' ? startNginx(nginx) : startHaproxy([haproxy]));
    try {
      const port = speaks(proxy.ports[0] as number, 'BOSH');
      const join = (username: string) => Actor.join(port, { username, domain: 'localhost', password: 'x' });
      const [alice, bob] = await Promise.all([join('alice'), join('bob')]);
      for (const body of ['one', 'two', 'three']) {
        alice.send(`<message type='chat' to='${bob.jid}' id='${body}'><body>${body}</body></message>`);
        await bob.receives(`<message id='${body}'/>`);
        bob.send(`<message type='chat' to='${alice.jid}' id='${body}'><body>${body}</body></message>`);
        await alice.receives(`<message id='${body}'/>`);
      }
      for (const actor of [alice, bob]) actor.vanish();
    } finally {
      await proxy.stop();
      await server.stop();
    }
  });
});

/** As from a proxy that ends TLS. */
async function secure(port: number, text: string): Promise<{ body: string }> {
  const raw = await RawHttp.connect(port);
  const fields = `Host: localhost\r\nX-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n`;
  raw.send(`POST /http-bind HTTP/1.1\r\n${fields}Content-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
  const answer = await raw.answer();
  raw.destroy();
  return answer;
}
