/** What a client with a session may cost: stanzas of any shape, floods, and answers that it does not read. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { Actor, type Credentials } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import type { TestServer } from '../support/story/server.js';
import { onEachServer } from '../support/story/story.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

/** RFC 6120 section 4.9.3.14 and XEP-0205: what is too much, sent in full or left open for ever. */
const TOO_MUCH: readonly [string, string][] = [
  ['a stanza over max_stanza_size', `<message><body>${'x'.repeat(70_000)}</body></message>`],
  ['one that never ends', `<message><body>${'x'.repeat(70_000)}`],
  ['one whose tag never ends', `<message a='${'x'.repeat(20_000)}`],
  ['one whose name never ends', `<${'x'.repeat(70_000)}`],
  ['white space in a tag that never ends', `<message ${' '.repeat(70_000)}`],
  ['elements that are nested too deeply', `<message>${'<a>'.repeat(200)}`],
  ['too many attributes', `<message${Array.from({ length: 100 }, (_, i) => ` a${i}='b'`).join('')}/>`],
  [
    'too many declarations of namespaces',
    `<message${Array.from({ length: 100 }, (_, i) => ` xmlns:a${i}='b'`).join('')}/>`,
  ],
  ['a CDATA section that never ends', `<message><body><![CDATA[${'x'.repeat(70_000)}`],
];

onEachServer('RFC 6120 section 4.9.3.14: policy-violation for', (server) => {
  it.each(TOO_MUCH)('%s', async (_, content) => {
    const actor = await Actor.join(server.port, fresh());
    actor.send(content);
    expect(await actor.client.fails()).toBe('policy-violation');
  });

  it.each(TOO_MUCH)('%s, a piece at a time', async (_, content) => {
    const actor = await Actor.join(server.port, fresh());
    for (let at = 0; at < content.length && !actor.client.isClosed; at += 999) {
      actor.send(content.slice(at, at + 999));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await actor.client.fails()).toBe('policy-violation');
  });

  it('but not for a stanza that is just small enough', async () => {
    const actor = await Actor.join(server.port, fresh());
    const [head, tail] = [`<message to='${actor.jid}' id='big'><body>`, '</body></message>'];
    actor.send(head + 'x'.repeat(65_536 - head.length - tail.length) + tail);
    await actor.receives("<message id='big'/>");
    actor.vanish();
  });

  it('a reference counts as the bytes that it takes, and expands to no more', async () => {
    const actor = await Actor.join(server.port, fresh());
    actor.send(`<message to='${actor.jid}' id='refs'><body>${'&lt;&#x1F408;'.repeat(3_000)}</body></message>`);
    const message = await actor.receives("<message id='refs'/>");
    expect(message.getChildText('body')).toBe('<🐈'.repeat(3_000));
    actor.vanish();
  });
});

onBothEngines(
  'a listener with limits of its own',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      listeners: ['', 'shaper = "slow"', 'max_fsm_queue = 20', 'max_stanza_size = 1000000', 'shaper = "by_user"'],
      rest: `
[shaper.slow]
  max_rate = 4000
[acl]
  fast = [{user_glob = "fast-*"}]
[access]
  by_user = [{acl = "fast", value = "none"}, {acl = "all", value = "slow"}]
${webListener(clientHandler('mongoose_websocket_handler'))}`,
    }),
  (server) => {
    it('shaper: a flood is slowed down to its rate, nothing is lost, and nobody else waits', async () => {
      const [port, shaped] = server().ports as [number, number];
      const flooder = await Actor.join(shaped, fresh());
      const [reader, other] = [await Actor.join(port, fresh()), await Actor.join(port, fresh())];
      const startedAt = performance.now();
      flooder.send(flood(reader, 16));
      // Whoever is not shaped goes on meanwhile.
      other.send(flood(other, 16));
      for (let i = 0; i < 16; i++) await other.receives(`<message id='f${i}'/>`);
      const ids = reader.client.takeAll().flatMap((element) => (element.is('message') ? [element.attrs['id']] : []));
      expect(ids.length).toBeLessThan(16);

      while (ids.length < 16) ids.push((await reader.client.next((element) => element.is('message'))).attrs['id']);
      const elapsed = performance.now() - startedAt;
      expect(ids).toEqual(Array.from({ length: 16 }, (_, i) => `f${i}`));
      // 16 kB at 4 kB a second, the first second's worth at once.
      expect(elapsed).toBeGreaterThan(2_500);
      expect(elapsed).toBeLessThan(15_000);
      for (const actor of [flooder, reader, other]) actor.vanish();
    });

    it('shaper: a stanza that is longer than a second may carry, and cut anywhere, arrives whole', async () => {
      const shaped = await Actor.join(server().ports[1] as number, fresh());
      const reader = await Actor.join(server().port, fresh());
      const body = Array.from({ length: 1_500 }, (_, i) => String.fromCodePoint(0x400 + (i % 100), 0x1f400)).join('');
      const xml = Buffer.from(
        `<message to='${reader.jid}' id='long'><body>${body}</body></message><message to='${reader.jid}' id='next'/>`,
      );
      expect(xml.length).toBeGreaterThan(9_000);
      for (let at = 0; at < xml.length; at += 1_111) {
        shaped.client.send(xml.subarray(at, at + 1_111));
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      expect((await reader.receives("<message id='long'/>")).getChildText('body')).toBe(body);
      await reader.receives("<message id='next'/>");
      for (const actor of [shaped, reader]) actor.vanish();
    });

    it('shaper: an access rule chooses it for each user', async () => {
      const port = server().ports[4] as number;
      const times: number[] = [];
      for (const prefix of ['fast-', 'slow-']) {
        const actor = await Actor.join(port, fresh(prefix));
        const startedAt = performance.now();
        actor.send(flood(actor, 10));
        for (let i = 0; i < 10; i++) await actor.receives(`<message id='f${i}'/>`);
        times.push(performance.now() - startedAt);
        actor.vanish();
      }
      const [fast, slow] = times as [number, number];
      expect(slow).toBeGreaterThan(1_000);
      expect(fast).toBeLessThan(slow / 2);
    });

    it('max_stanza_size: each listener has its own', async () => {
      const actor = await Actor.join(server().ports[3] as number, fresh());
      actor.send(`<message to='${actor.jid}' id='big'><body>${'x'.repeat(900_000)}</body></message>`);
      await actor.receives("<message id='big'/>");
      actor.send(`<message to='${actor.jid}'>${'<a/>'.repeat(70_000)}</message>`);
      expect(await actor.client.fails()).toBe('policy-violation');
    });

    it('max_fsm_queue: a client that reads nothing is dropped when so many stanzas wait', async () => {
      const [port, , limited] = server().ports as [number, number, number];
      const stuck = await Actor.join(limited, fresh());
      const sender = await Actor.join(port, fresh());
      stuck.client.socket.pause();
      // Far fewer bytes than would drop it without the option.
      expect(await pour(sender, stuck, () => isGone(sender, stuck))).toBeLessThan(8_000_000);
      await ping(sender);
      sender.vanish();
      stuck.vanish();
    });

    it.each([
      ['TCP', 0],
      ['WebSocket', 5],
    ] as const)(
      '%s: a client that reads nothing costs a bounded amount of memory, is dropped, and nobody else notices',
      async (transport, listener) => {
        const stuck = await Actor.join(speaks(server().ports[listener] as number, transport), fresh());
        const sender = await Actor.join(server().port, fresh());
        stuck.client.socket.pause();
        const before = residentBytes(server());
        let most = 0;
        const sent = await pour(sender, stuck, async () => {
          most = Math.max(most, residentBytes(server()) - before);
          return isGone(sender, stuck);
        });
        expect(sent).toBeGreaterThan(8_000_000);
        expect(most).toBeLessThan(150_000_000);
        await ping(sender);
        sender.vanish();
        stuck.vanish();
      },
    );
  },
);

onBothEngines(
  'max_fsm_queue of [general]',
  (engine) =>
    ownConfig({
      engine,
      general: '  max_fsm_queue = 20',
      listeners: ['', 'max_fsm_queue = 100000'],
      rest: webListener(clientHandler('mongoose_websocket_handler')),
    }),
  (server) => {
    it('counts for a listener without one of its own, and for no other', async () => {
      const [general, own] = server().ports as [number, number];
      const sender = await Actor.join(own, fresh());
      const [limited, free] = [await Actor.join(general, fresh()), await Actor.join(own, fresh())];
      for (const actor of [limited, free]) actor.client.socket.pause();
      const sent = await pour(sender, limited, () => isGone(sender, limited));
      expect(sent).toBeLessThan(8_000_000);
      for (let at = 0; at < sent; at += 50_000) {
        sender.send(flood(free, 50));
        await ping(sender);
      }
      expect(await isGone(sender, free)).toBe(false);
      for (const actor of [sender, limited, free]) actor.vanish();
    });

    it('counts for clients over WebSocket', async () => {
      const [, own, webSocket] = server().ports as [number, number, number];
      const sender = await Actor.join(own, fresh());
      const limited = await Actor.join(speaks(webSocket, 'WebSocket'), fresh());
      limited.client.socket.pause();
      expect(await pour(sender, limited, () => isGone(sender, limited))).toBeLessThan(8_000_000);
      for (const actor of [sender, limited]) actor.vanish();
    });
  },
);

/** Messages of a kilobyte, as many as are wanted. */
function flood(to: Actor, count: number): string {
  return Array.from({ length: count }, (_, i) => {
    const head = `<message to='${to.jid}' id='f${i}'><body>`;
    return `${head}${'x'.repeat(1_000 - head.length - 17)}</body></message>`;
  }).join('');
}

/** A busy machine takes its time over tens of megabytes. */
const POUR_MS = 50_000;

/** Sends to somebody until something has happened; returns how many bytes it took. */
async function pour(from: Actor, to: Actor, until: () => Promise<boolean>): Promise<number> {
  let sent = 0;
  const message = `<message to='${to.jid}' type='headline'><body>${'x'.repeat(50_000)}</body></message>`;
  await eventually(async () => {
    for (let i = 0; i < 10; i++) from.send(message);
    sent += 10 * message.length;
    await ping(from);
    return until();
  }, POUR_MS);
  return sent;
}

/** An IQ to a session that is gone is answered for it (RFC 6121 section 8.5.3.2.3); one that is there says nothing. */
async function isGone(asker: Actor, other: Actor): Promise<boolean> {
  asker.send(`<iq type='get' id='gone' to='${other.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`);
  // From another shard the answer may come behind this one's: it is found the next time.
  await ping(asker);
  return asker.client.takeAll().some(({ attrs }) => attrs['id'] === 'gone' && attrs['type'] === 'error');
}

async function ping(actor: Actor): Promise<void> {
  expect((await actor.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>")).attrs['type']).toBe(
    'result',
  );
}

function fresh(prefix = ''): Credentials {
  return { username: `${prefix}u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}

function residentBytes({ process }: TestServer): number {
  const [, kilobytes] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${process.pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) * 1024;
}
