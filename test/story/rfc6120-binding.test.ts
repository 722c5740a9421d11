/** RFC 6120 section 7: binding a resource; RFC 3921 section 3: the session of older clients. */
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { Actor, authenticate, type Credentials, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { RawClient } from '../support/story/raw-client.js';
import { onEachServer, onEachTransport, storiesOverAll } from '../support/story/story.js';

const BIND = 'urn:ietf:params:xml:ns:xmpp-bind';
const SESSION = 'urn:ietf:params:xml:ns:xmpp-session';

storiesOverAll('RFC 6120 section 7', (story) => {
  story('section 7.6: the server makes resources of its own', { alice: 3 }, async ({ alice, alice2, alice3 }) => {
    const resources = [alice, alice2, alice3].map((actor) => (actor as Actor).resource);
    expect(new Set(resources).size).toBe(3);
    for (const resource of resources) expect(resource.length).toBeGreaterThanOrEqual(8);
  });

  story('section 7.7: or takes what the client asks for', { alice: 1 }, async ({ alice }, { port }) => {
    for (const [asked, bound] of [
      ['balcony', 'balcony'],
      ['Balcony & <Garden>', 'Balcony & <Garden>'],
      ['a/b@c', 'a/b@c'],
      // RFC 7622 section 3.4: OpaqueString keeps case and maps spaces.
      ['ǅ\u3000Ü', 'ǅ Ü'],
      ['x'.repeat(1023), 'x'.repeat(1023)],
    ]) {
      const session = await (alice as Actor).another(port, escaped(asked as string));
      expect(session.jid).toBe(`${(alice as Actor).bare}/${bound}`);
      session.vanish();
    }
  });

  story('section 7.1: no second resource is bound', { alice: 1 }, async ({ alice }) => {
    const answer = await (alice as Actor).asks(`<iq type='set'><bind xmlns='${BIND}'/></iq>`);
    expect(conditionOf(answer)).toBe('not-allowed');
    await ping(alice as Actor);
  });

  story(
    'section 7.7.2.2: the newcomer takes the resource over',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const again = await (alice as Actor).another(port, (alice as Actor).resource);
      expect(await (alice as Actor).client.fails()).toBe('conflict');
      (bob as Actor).send(`<message to='${again.jid}' id='m'><body>hello</body></message>`);
      await again.receives("<message id='m'/>");
      again.vanish();
    },
  );

  story('section 7.7.2.2: over and over', { alice: 1 }, async ({ alice }, { port }) => {
    let last = alice as Actor;
    for (let turn = 0; turn < 5; turn++) {
      const next = await last.another(port, last.resource);
      expect(await last.client.fails()).toBe('conflict');
      last = next;
    }
    await ping(last);
    last.vanish();
  });

  story('RFC 3921 section 3: a session is granted to whoever asks', { alice: 1 }, async ({ alice }) => {
    for (const to of ['', " to='localhost'"]) {
      const answer = await (alice as Actor).asks(`<iq type='set'${to}><session xmlns='${SESSION}'/></iq>`);
      expect(answer.attrs['type']).toBe('result');
    }
  });
});

onEachTransport('RFC 6120 section 7', (server) => {
  it('section 7.3: binding is offered, and the session as something optional', async () => {
    const { features } = await authenticated(server.port);
    expect(features.getChild('bind', BIND)).toBeDefined();
    expect(features.getChild('session', SESSION)?.getChild('optional')).toBeDefined();
  });

  it.each([
    ['of 1024 bytes', 'x'.repeat(1024)],
    ['of 1025 bytes in fewer characters', 'ü'.repeat(513)],
    ['with a character that is not assigned', 'a\u0378'],
    ['with a control character', 'a&#x7f;'],
  ])('section 7.7.2.1: a resource %s is a bad request, and another may follow', async (_, resource) => {
    const { client } = await authenticated(server.port);
    expect(conditionOf(await bindTo(client, resource))).toBe('bad-request');
    expect((await bindTo(client, 'good')).getChild('bind', BIND)?.getChildText('jid')).toMatch(/\/good$/);
    client.destroy();
  });

  it('section 7.6: an empty resource leaves the choice to the server', async () => {
    const { client } = await authenticated(server.port);
    const jid = (await bindTo(client, '')).getChild('bind', BIND)?.getChildText('jid');
    expect(jid).toMatch(/\/.+$/);
    client.destroy();
  });

  it('section 7.1: stanzas sent right behind the request are worked on after it, in order', async () => {
    const { client } = await authenticated(server.port);
    const numbers = Array.from({ length: 200 }, (_, i) => i);
    const pings = numbers.map((i) => `<iq type='get' id='p${i}' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
    client.send(`<iq type='set' id='b'><bind xmlns='${BIND}'/></iq>${pings.join('')}`);
    const ids: string[] = [];
    while (ids.length < 201) ids.push((await client.next((element) => element.is('iq'))).attrs['id']);
    expect(ids).toEqual(['b', ...numbers.map((i) => `p${i}`)]);
    client.destroy();
  });
});

onEachServer('RFC 6120 section 7.1: a request and what comes behind it', (server) => {
  it('however they are cut into reads', async () => {
    const { client } = await authenticated(server.port);
    const text = `<iq type='set' id='b'><bind xmlns='${BIND}'/></iq><iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`;
    for (const piece of text.match(/.{1,7}/g) ?? []) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await client.next((element) => element.attrs['id'] === 'p');
    client.destroy();
  });
});

onBothEngines(
  'RFC 6120 section 7, by configuration',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      general: '  replaced_wait_timeout = 100',
      listeners: ['access = "c2s"', 'backwards_compatible_session = false'],
      rest: `
[acl]
  blocked = [{user_glob = "blocked-*"}]
[access]
  c2s = [{acl = "blocked", value = "deny"}, {acl = "all", value = "allow"}]
  max_user_sessions = [{acl = "all", value = 2}]
`,
    }),
  (server) => {
    it('section 7.6.2.2: an account that the access rule denies may not bind, and none but it', async () => {
      const { client } = await authenticated(server().port, 'blocked-');
      expect(conditionOf(await bindTo(client, 'x'))).toBe('not-allowed');
      client.destroy();
      (await Actor.join(server().port, fresh())).vanish();
      // The rule is that of one listener.
      (await Actor.join(server().ports[1] as number, fresh('blocked-'))).vanish();
    });

    it('max_user_sessions: the oldest session gives way to one too many', async () => {
      const first = await Actor.join(server().port, fresh());
      const second = await first.another(server().port);
      const third = await first.another(server().port);
      expect(await first.client.fails()).toBe('conflict');
      await ping(second);
      await ping(third);
      second.vanish();
      third.vanish();
    });

    it('backwards_compatible_session = false: no session is offered', async () => {
      const { client, features } = await authenticated(server().ports[1] as number);
      expect(features.getChild('session', SESSION)).toBeUndefined();
      client.destroy();
    });

    it('replaced_wait_timeout: a session that does not go when it is replaced is logged, and keeps nobody waiting', async () => {
      const stuck = await Actor.join(server().port, fresh());
      const bob = await Actor.join(server().port, fresh());
      stuck.client.socket.pause();
      for (let i = 0; i < 70; i++) bob.send(`<message to='${stuck.jid}'><body>${'x'.repeat(100_000)}</body></message>`);
      await ping(bob);
      const next = await stuck.another(server().port, stuck.resource);
      await ping(next);
      await eventually(() => server().output().includes('session.replaced_wait_timeout'));
      for (const actor of [stuck, bob, next]) actor.vanish();
    });
  },
);

function fresh(prefix = ''): Credentials {
  return { username: `${prefix}u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}

async function authenticated(port: number, prefix = ''): Promise<{ client: RawClient; features: Element }> {
  const credentials = fresh(prefix);
  await register(port, credentials);
  const client = await RawClient.connect(port);
  await client.open();
  await authenticate(client, credentials);
  return { client, features: await client.open() };
}

function bindTo(client: RawClient, resource: string): Promise<Element> {
  const id = Math.random().toString(36).slice(2);
  client.send(`<iq type='set' id='${id}'><bind xmlns='${BIND}'><resource>${resource}</resource></bind></iq>`);
  return client.next((element) => element.attrs['id'] === id);
}

async function ping(actor: Actor): Promise<void> {
  const answer = await actor.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
  expect(answer.attrs['type']).toBe('result');
}

function conditionOf(answer: Element): string | undefined {
  return answer.getChild('error')?.getChildElements()[0]?.getName();
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
