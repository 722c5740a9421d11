/** The options of `mongoose_bosh_handler` that are those of other clients: who may come in, how long a login may take, how fast it may be. */
import { parse } from 'ltx';
import { expect, it } from 'vitest';
import { Actor, authenticate, type Credentials } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { bodyText, postBody } from '../support/story/raw-bosh.js';
import { RawClient } from '../support/story/raw-client.js';
import { RawHttp } from '../support/story/raw-http.js';
import { speaks } from '../support/story/transports.js';

const HANDLERS = [
  'shaper = "slow"',
  'access = "few"',
  'state_timeout = 3_000',
  'max_stanza_size = 2000',
  'allowed_origins = ["https://chat.example", "loopback"]',
] as const;

const config = (engine: 'native' | 'portable', shards: number) =>
  ownConfig({
    engine,
    shards,
    rest: `
${HANDLERS.map(
  (line, index) => `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.${index % 2 === 0 ? 'mongoose_bosh_handler' : 'mod_bosh'}]]
    host = "_"
    path = "/http-bind"
    ${line}
`,
).join('')}
[services.service_bosh]
[shaper.slow]
  max_rate = 2000
[acl]
  few = [{user_glob = "few-*"}]
[access]
  few = [{acl = "few", value = "allow"}]
`,
  });

for (const shards of [1, 4]) {
  onBothEngines(
    `XEP-0124, by configuration, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
    (engine) => config(engine, shards),
    (server) => {
      // At once, as they mostly wait.
      const port = (option: string) => {
        const index = HANDLERS.findIndex((line) => line.startsWith(option));
        return speaks(server().ports[index + 1] as number, 'BOSH');
      };

      it.concurrent('access: only those whom the rule lets in get a session', async () => {
        await expect(Actor.join(port('access'), fresh())).rejects.toThrow('not-allowed');
        const actor = await Actor.join(port('access'), fresh('few'));
        actor.vanish();
      });

      it.concurrent('allowed_origins: pages of these may ask and read the answers, scripts of others may not', async () => {
        const raw = await RawHttp.connect(server().ports[HANDLERS.length] as number);
        const ask = (method: string, origin: string | undefined, body = '') => {
          const fields = `${origin === undefined ? '' : `Origin: ${origin}\r\n`}Content-Length: ${body.length}\r\n`;
          raw.send(`${method} /http-bind HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n${body}`);
          return raw.answer();
        };
        const begin = bodyText({ to: 'localhost', rid: '100', ver: '1.11', wait: '60', hold: '1' });
        for (const origin of ['https://chat.example', 'http://localhost:8080', 'http://127.0.0.1:1', undefined]) {
          const { status, fields, body } = await ask('POST', origin, begin);
          expect([status, fields['access-control-allow-origin'], fields['vary']]).toEqual([200, origin, 'Origin']);
          expect(body).toContain(" sid='");
        }
        expect(await ask('OPTIONS', 'https://chat.example')).toMatchObject({
          status: 204,
          fields: {
            'access-control-allow-origin': 'https://chat.example',
            'access-control-allow-headers': 'Content-Type',
          },
        });
        for (const origin of ['https://evil.example', 'http://localhost.evil.example', 'null', '']) {
          for (const method of ['POST', 'OPTIONS', 'GET']) {
            const { status, fields, body } = await ask(method, origin, method === 'POST' ? begin : '');
            expect([status, fields['access-control-allow-origin']]).toEqual([403, undefined]);
            expect(body).toContain(`Pages of the origin "${origin}" may not connect here`);
          }
        }
        raw.destroy();
      });

      it.concurrent('state_timeout: a login that does not go on ends the session, whoever is logged in has all the time that there is', async () => {
        const place = port('state_timeout');
        const account = fresh();
        (await Actor.join(port('max_stanza_size'), account)).vanish();
        const begun = { to: 'localhost', rid: '100', ver: '1.11', wait: '60', hold: '1' };
        const [actor, silent, halfway, { sid }] = await Promise.all([
          inTime(() => Actor.join(place, fresh())),
          RawClient.connect(place),
          inTime(() => halfIn(place, account)),
          post(begun).then(({ text }) => parse(text).attrs),
        ]);
        await silent.open();
        // However often somebody asks.
        let end = '';
        for (let rid = 101; end === ''; rid++) {
          const { text } = await post({ sid, rid: String(rid) });
          if (text.includes('terminate')) end = text;
        }
        expect(parse(end).attrs).toMatchObject({ type: 'terminate', condition: 'remote-stream-error' });
        expect(end).toContain('connection-timeout');
        expect(await Promise.all([silent.fails(), halfway.fails()])).toEqual([
          'connection-timeout',
          'connection-timeout',
        ]);
        const ping = "<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>";
        expect((await actor.asks(ping)).attrs['type']).toBe('result');
        actor.vanish();
      });

      it.concurrent('shaper: a flood takes its time, comes whole and in order, and holds nobody else up', async () => {
        const [actor, other] = await Promise.all([
          Actor.join(port('shaper'), fresh()),
          Actor.join(port('shaper'), fresh()),
        ]);
        const startedAt = performance.now();
        for (let index = 0; index < 20; index++) {
          actor.send(`<message to='${actor.jid}' id='m${index}'><body>${'x'.repeat(160)}</body></message>`);
        }
        await other.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        const otherMs = performance.now() - startedAt;
        for (let index = 0; index < 20; index++) {
          const { attrs } = await actor.receives('<message/>');
          expect(attrs['id']).toBe(`m${index}`);
        }
        // Some 4,400 bytes, the first 2,000 of which are free.
        const ownMs = performance.now() - startedAt;
        expect(ownMs).toBeGreaterThan(900);
        expect(otherMs).toBeLessThan(ownMs);
        for (const one of [actor, other]) one.vanish();
      });

      it.concurrent('max_stanza_size: XEP-0478 tells the limit, and a larger stanza ends the session', async () => {
        const actor = await Actor.join(port('max_stanza_size'), fresh());
        expect(actor.client.text).toContain('<max-bytes>2000</max-bytes>');
        actor.send(`<message><body>${'x'.repeat(2_000)}</body></message>`);
        expect(await actor.client.fails()).toBe('policy-violation');
      });

      const post = (attributes: Record<string, string | undefined>) =>
        postBody(port('state_timeout'), bodyText(attributes));
    },
  );
}

function fresh(name = 'bosh'): Credentials {
  return { username: `${name}-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}

async function halfIn(port: number, account: Credentials): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.open();
  await authenticate(client, account);
  return client;
}

/** On a busy machine even a client that hurries may be too late for a deadline. */
async function inTime<T>(enter: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await enter();
    } catch (error) {
      if (tries === 5) throw error;
    }
  }
}
