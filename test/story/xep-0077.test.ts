/** XEP-0077: accounts made, changed and removed by their owners. */
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { Actor, authenticate, register } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { RawClient } from '../support/story/raw-client.js';
import { befriend, onEachServer, stories, teller } from '../support/story/story.js';

const REGISTER = 'jabber:iq:register';

function someone(password = 'a good password'): { username: string; domain: string; password: string } {
  return { username: `new-${Math.random().toString(36).slice(2, 10)}`, domain: 'localhost', password };
}

function condition(answer: Element): string | undefined {
  return answer.getChild('error')?.getChildElements()[0]?.getName();
}

/** Sends a request on a stream that is not authenticated. */
async function before(port: number, type: string, content: string): Promise<{ client: RawClient; answer: Element }> {
  const client = await RawClient.connect(port);
  await client.open();
  client.send(`<iq type='${type}' id='r' to='localhost'><query xmlns='${REGISTER}'>${content}</query></iq>`);
  return { client, answer: await client.next((element) => element.attrs['id'] === 'r') };
}

function change(actor: Actor, content: string, to = "to='localhost'"): Promise<Element> {
  return actor.asks(`<iq type='set' ${to}><query xmlns='${REGISTER}'>${content}</query></iq>`);
}

onEachServer('XEP-0077 section 3.1: registering', ({ port }) => {
  it('section 8: is announced before authentication', async () => {
    const client = await RawClient.connect(port);
    const features = await client.open();
    expect(features.getChild('register', 'http://jabber.org/features/iq-register')).toBeDefined();
    client.destroy();
  });

  it('asks for a username and a password', async () => {
    const { client, answer } = await before(port, 'get', '');
    const query = answer.getChild('query', REGISTER);
    expect(query?.getChildElements().map((child) => child.getName())).toEqual(['instructions', 'username', 'password']);
    client.destroy();
  });

  it('makes an account that can log in on the same stream', async () => {
    const new_ = someone();
    const { client, answer } = await before(
      port,
      'set',
      `<username>${new_.username}</username><password>${new_.password}</password>`,
    );
    expect(answer.attrs['type']).toBe('result');
    await authenticate(client, new_);
    client.destroy();
  });

  it('a name that is taken is a conflict, however it is written', async () => {
    const first = someone();
    expect((await register(port, first)).attrs['type']).toBe('result');
    const answer = await register(port, { ...first, username: first.username.toUpperCase(), password: 'another' });
    expect(condition(answer)).toBe('conflict');
    expect(answer.getChild('error')?.attrs['type']).toBe('cancel');
    const actor = await Actor.login(port, first);
    actor.vanish();
  });

  it('what is missing or wrong is refused', async () => {
    for (const [content, expected] of [
      ['', 'not-acceptable'],
      ['<username>x</username>', 'not-acceptable'],
      ['<password>x</password>', 'not-acceptable'],
      ['<username></username><password>x</password>', 'not-acceptable'],
      ['<username>someone-new</username><password></password>', 'not-acceptable'],
      ['<username>a b</username><password>x</password>', 'jid-malformed'],
      ['<username>a@b</username><password>x</password>', 'jid-malformed'],
    ] as const) {
      const { client, answer } = await before(port, 'set', content);
      expect(condition(answer), content).toBe(expected);
      client.destroy();
    }
  });

  it('section 3.2: nobody has an account that could be removed', async () => {
    for (const [content, expected] of [
      ['<remove/>', 'unexpected-request'],
      ['<remove/><username>x</username>', 'bad-request'],
    ] as const) {
      const { client, answer } = await before(port, 'set', content);
      expect(condition(answer), content).toBe(expected);
      client.destroy();
    }
  });

  it('the account is on the domain of the stream, or not at all', async () => {
    const new_ = someone();
    const fields = `<username>${new_.username}</username><password>${new_.password}</password>`;
    for (const to of ['other.example', 'x@localhost', 'localhost/x']) {
      const client = await RawClient.connect(port);
      await client.open();
      client.send(`<iq type='set' id='r' to='${to}'><query xmlns='${REGISTER}'>${fields}</query></iq>`);
      expect(condition(await client.next((element) => element.attrs['id'] === 'r')), to).toBe('not-allowed');
      client.destroy();
    }
    await expect(Actor.login(port, new_)).rejects.toThrow('not-authorized');
  });

  it('names and passwords of any length are answered', async () => {
    for (const [username, password, expected] of [
      ['x'.repeat(1_024), 'x', 'jid-malformed'],
      ['x'.repeat(60_000), 'x', 'jid-malformed'],
      ['&lt;script&gt;', 'x', 'jid-malformed'],
    ] as const) {
      const answer = await register(port, { username, domain: 'localhost', password });
      expect(condition(answer)).toBe(expected);
    }
    const long = { ...someone(), password: 'long password '.repeat(1_000) };
    expect((await register(port, long)).attrs['type']).toBe('result');
    (await Actor.login(port, long)).vanish();
  });

  it('only requests are answered: anything else ends the stream', async () => {
    for (const type of ['result', 'error']) {
      const client = await RawClient.connect(port);
      await client.open();
      const new_ = someone();
      client.send(
        `<iq type='${type}' id='r'><query xmlns='${REGISTER}'><username>${new_.username}</username><password>p</password></query></iq>`,
      );
      await client.closed();
      expect(client.text).toContain('<not-authorized');
    }
  });
});

stories('XEP-0077', (story) => {
  story('section 3.1.1: who is logged in learns that the account exists', { alice: 1 }, async ({ alice }) => {
    const query = (await alice.asks(`<iq type='get' to='localhost'><query xmlns='${REGISTER}'/></iq>`)).getChild(
      'query',
    );
    expect(query?.getChild('registered')).toBeDefined();
    expect(query?.getChildText('instructions')).toBeTruthy();
    expect(query?.getChildText('username')).toBe(alice.username);
  });

  story(
    'section 3.3: the password is changed; the old one is worth nothing',
    { alice: 1 },
    async ({ alice }, { port }) => {
      const answer = await change(alice, `<username>${alice.username}</username><password>quite new</password>`);
      expect(answer.attrs['type']).toBe('result');
      await expect(Actor.login(port, alice)).rejects.toThrow('not-authorized');
      const back = await Actor.login(port, {
        ...alice,
        username: alice.username,
        domain: 'localhost',
        password: 'quite new',
      });
      back.vanish();
    },
  );

  story(
    'section 3.3: that of another is not, and a bad one is refused',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      expect(condition(await change(alice, `<username>${bob.username}</username><password>mine</password>`))).toBe(
        'forbidden',
      );
      const own = `<username>${alice.username}</username>`;
      expect(condition(await change(alice, `${own}<password>mine</password>`, `to='${bob.bare}'`))).toBe('forbidden');
      expect(condition(await change(alice, `${own}<password>mine</password>`, "to='other.example'"))).toBe('forbidden');
      expect(condition(await change(alice, own))).toBe('bad-request');
      expect(condition(await change(alice, `${own}<password></password>`))).toBe('not-acceptable');
      for (const actor of [alice, bob]) (await Actor.login(port, actor)).vanish();
    },
  );

  story(
    'section 3.2: an account is removed: answered, every session closed, contacts told, all of it gone',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }, { port }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      const answer = await change(alice, '<remove/>');
      expect(answer.attrs['type']).toBe('result');
      await alice.client.closed();
      await alice2.client.closed();
      for (const { client } of [alice, alice2]) expect(client.text).toContain('<not-authorized');
      await bob.receives(`<presence type='unsubscribe' from='${alice.bare}'/>`);
      await bob.receives(`<presence type='unsubscribed' from='${alice.bare}'/>`);
      await expect(Actor.login(port, alice)).rejects.toThrow('not-authorized');

      const again = await Actor.join(port, alice);
      const roster = await again.asks("<iq type='get'><query xmlns='jabber:iq:roster'/></iq>");
      expect(roster.getChild('query')?.getChildElements()).toEqual([]);
      again.vanish();
    },
  );

  story(
    'section 3.2: whoever was about to bind a resource of an account that is removed gets none',
    { alice: 1 },
    async ({ alice }, { port }) => {
      const late = await RawClient.connect(port);
      await late.open();
      await authenticate(late, alice);
      await late.open();
      expect((await change(alice, '<remove/>')).attrs['type']).toBe('result');
      await alice.client.closed();
      late.send("<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>");
      expect(condition(await late.next((element) => element.attrs['id'] === 'b'))).toBe('not-authorized');
      late.destroy();
    },
  );

  story('section 3.2: remove stands alone', { alice: 1 }, async ({ alice }, { port }) => {
    expect(condition(await change(alice, `<remove/><username>${alice.username}</username>`))).toBe('bad-request');
    (await Actor.login(port, alice)).vanish();
  });
});

onBothEngines(
  'XEP-0077, registration_timeout',
  (engine) =>
    withOptions('mod_register')(engine).replace('registration_timeout = "infinity"', 'registration_timeout = 3600'),
  (server) => {
    it('an address has to wait after a registration, not after one that failed', async () => {
      const { port } = server();
      const first = someone();
      expect(condition(await register(port, { ...first, password: '' }))).toBe('not-acceptable');
      expect((await register(port, first)).attrs['type']).toBe('result');
      const second = await register(port, someone());
      expect(condition(second)).toBe('resource-constraint');
      expect(second.getChild('error')?.attrs['type']).toBe('wait');
      (await Actor.login(port, first)).vanish();
    });
  },
);

onBothEngines(
  'XEP-0077, ip_access',
  withOptions('mod_register', 'ip_access = [{address = "127.0.0.0/8", policy = "deny"}]'),
  (server) => {
    it('from a network that is denied nobody registers, and nothing is announced', async () => {
      const { port } = server();
      const client = await RawClient.connect(port);
      expect((await client.open()).getChild('register')).toBeUndefined();
      client.destroy();
      const get = await before(port, 'get', '');
      expect(condition(get.answer)).toBe('forbidden');
      get.client.destroy();
      expect(condition(await register(port, someone()))).toBe('forbidden');
    });
  },
);

onBothEngines(
  'XEP-0077, ip_access, the first network counts',
  withOptions(
    'mod_register',
    'ip_access = [{address = "127.0.0.1", policy = "allow"}, {address = "0.0.0.0/0", policy = "deny"}]',
  ),
  (server) => {
    it('one that is allowed registers', async () => {
      expect((await register(server().port, someone())).attrs['type']).toBe('result');
    });
  },
);

onBothEngines(
  'XEP-0077, access',
  (engine) =>
    `${withOptions('mod_register', 'access = "newcomers"')(engine)}\n[acl]\n  wanted = [{user_glob = "wanted-*"}]\n[access]\n  newcomers = [{acl = "wanted", value = "allow"}]\n`,
  (server) => {
    it('the rule decides who may have an account', async () => {
      const { port } = server();
      expect(condition(await register(port, someone()))).toBe('forbidden');
      expect(
        (await register(port, { ...someone(), username: `wanted-${Math.random().toString(36).slice(2)}` })).attrs[
          'type'
        ],
      ).toBe('result');
    });
  },
);

onBothEngines('XEP-0077, password_strength', withOptions('mod_register', 'password_strength = 40'), (server) => {
  const story = teller(server);
  it('a weak password makes no account', async () => {
    expect(condition(await register(server().port, someone('abc')))).toBe('not-acceptable');
    expect((await register(server().port, someone('Xk7!qP2#zz'))).attrs['type']).toBe('result');
  });

  story('nor may one be changed to', { alice: 1 }, async ({ alice }, { port }) => {
    const answer = await change(alice, `<username>${alice.username}</username><password>abc</password>`);
    expect(condition(answer)).toBe('not-acceptable');
    (await Actor.login(port, alice)).vanish();
  });
});

onBothEngines(
  'XEP-0077, greetings',
  withOptions(
    'mod_register',
    'registration_watchers = ["boss@localhost"]',
    'welcome_message = {subject = "Hello", body = "Be welcome & stay"}',
  ),
  (server) => {
    it('the newcomer is welcomed, and the watchers are told', async () => {
      const { port } = server();
      const boss = await Actor.join(port, {
        username: 'boss',
        domain: 'localhost',
        password: 'the password of the boss',
      });
      await boss.available();
      await boss.receives("<message from='localhost'><subject>Hello</subject></message>");
      const new_ = await Actor.join(port, someone());
      await new_.available();
      await new_.receives(
        "<message from='localhost'><subject>Hello</subject><body>Be welcome &amp; stay</body></message>",
      );
      const notice = await boss.client.next(
        (element) => element.is('message') && String(element.getChildText('body')).includes(new_.bare),
      );
      expect(notice.attrs['from']).toBe('localhost');
      expect(notice.getChildText('body')).toContain('127.0.0.1');
      boss.vanish();
      new_.vanish();
    });
  },
);
