/** RFC 6121 section 8.5: where messages go, in every cell of the table of section 8.5.4. */
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { handled, stored } from '../support/story/fence.js';
import { stories, storiesOverAll } from '../support/story/story.js';

const TYPES = ['normal', 'chat', 'groupchat', 'headline', 'error'] as const;

/** What came of a message: who got it, an error, kept for later, or nothing at all. */
type Outcomes = Record<(typeof TYPES)[number], string>;

/** Sends one message of each type; `later` collects what had been kept. */
async function outcomes(
  sender: Actor,
  to: string,
  readers: Readonly<Record<string, Actor>>,
  later?: () => Promise<Actor>,
): Promise<Outcomes> {
  const account = to.split('/')[0] as string;
  for (const type of TYPES)
    sender.send(`<message to='${to}' type='${type}' id='${type}'><body>${type}</body></message>`);
  await handled(sender, account);
  const found = Object.fromEntries(TYPES.map((type) => [type, [] as string[]]));
  for (const [name, reader] of Object.entries(readers))
    for (const element of await reader.hasReceived(sender))
      if (element.is('message')) found[element.attrs['id']]?.push(name);

  for (const element of await sender.hasReceived()) {
    if (element.attrs['type'] !== 'error') continue;
    expect(element.getChild('error')?.getChild('service-unavailable')).toBeDefined();
    expect(element.getChild('error')?.attrs['type']).toBe('cancel');
    expect(element.attrs['from']).toBe(to);
    found[element.attrs['id']]?.push('error to the sender');
  }
  if (later) {
    const reader = await later();
    for (const element of await reader.hasReceived(sender))
      if (element.getChild('delay', 'urn:xmpp:delay')) found[element.attrs['id']]?.push('kept');
    reader.vanish();
  }
  return Object.fromEntries(
    Object.entries(found).map(([type, who]) => [type, who.length === 0 ? 'nothing' : who.join(', ')]),
  ) as Outcomes;
}

/** Comes back with a session that takes messages. */
async function comeBack(actor: Actor, port: number): Promise<Actor> {
  const back = await actor.another(port);
  await back.available();
  await stored(back);
  return back;
}

const ERROR = 'error to the sender';

stories('RFC 6121 section 8.5.1', (story) => {
  story('an account that does not exist: errors, whatever the address', { alice: 1 }, async ({ alice }) => {
    const expected = { normal: ERROR, chat: ERROR, groupchat: ERROR, headline: 'nothing', error: 'nothing' };
    expect(await outcomes(alice, 'nobody-at-all@localhost', {})).toEqual(expected);
    expect(await outcomes(alice, 'nobody-at-all@localhost/x', {})).toEqual({ ...expected, headline: ERROR });
  });
});

stories('RFC 6121 section 8.5.2.2: an account without sessions', (story) => {
  const expected = { normal: 'kept', chat: 'kept', groupchat: ERROR, headline: 'nothing', error: 'nothing' };

  story('bare address', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.leave();
    expect(await outcomes(alice, bob.bare, {}, () => comeBack(bob, port))).toEqual(expected);
  });

  story(
    'full address of nobody: like the bare one where that loses nothing',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      expect(await outcomes(alice, bob.jid, {}, () => comeBack(bob, port))).toEqual({ ...expected, headline: ERROR });
    },
  );

  story(
    'a session that never sent presence counts for nothing',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      expect(await outcomes(alice, bob.bare, { bob }, () => comeBack(bob, port))).toEqual(expected);
    },
  );
});

stories('RFC 6121 section 8.5.2.1: only sessions of negative priority', (story) => {
  story('bare address: as if nobody was there', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.available('<priority>-1</priority>');
    const expected = { normal: 'kept', chat: 'kept', groupchat: ERROR, headline: 'nothing', error: 'nothing' };
    expect(await outcomes(alice, bob.bare, { bob }, () => comeBack(bob, port))).toEqual(expected);
  });

  story('full address that matches: to that session', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available('<priority>-1</priority>');
    expect(await outcomes(alice, bob.jid, { bob })).toEqual(Object.fromEntries(TYPES.map((type) => [type, 'bob'])));
  });

  story('full address that does not match: chat is kept', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await bob.available('<priority>-1</priority>');
    expect(await outcomes(alice, `${bob.bare}/gone`, { bob }, () => comeBack(bob, port))).toEqual({
      normal: ERROR,
      chat: 'kept',
      groupchat: ERROR,
      headline: ERROR,
      error: 'nothing',
    });
  });
});

storiesOverAll('RFC 6121 section 8.5.2.1.1: one session that takes messages', (story) => {
  story('bare address', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    const expected = { normal: 'bob', chat: 'bob', groupchat: ERROR, headline: 'bob', error: 'nothing' };
    expect(await outcomes(alice, bob.bare, { bob })).toEqual(expected);
  });

  story('full address that matches', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    expect(await outcomes(alice, bob.jid, { bob })).toEqual(Object.fromEntries(TYPES.map((type) => [type, 'bob'])));
  });

  story('full address of a session without presence', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    expect(await outcomes(alice, bob.jid, { bob })).toEqual(Object.fromEntries(TYPES.map((type) => [type, 'bob'])));
  });

  story('full address that does not match: chat goes to the account', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    const expected = { normal: ERROR, chat: 'bob', groupchat: ERROR, headline: ERROR, error: 'nothing' };
    expect(await outcomes(alice, `${bob.bare}/gone`, { bob })).toEqual(expected);
  });
});

stories('RFC 6121 section 8.5.2.1.1: several sessions', (story) => {
  const everyone = async (actors: Readonly<Record<string, Actor>>) => {
    const { bob, bob2, bob3, bob4, bob5 } = actors as Record<'bob' | 'bob2' | 'bob3' | 'bob4' | 'bob5', Actor>;
    await bob.available('<priority>5</priority>');
    await bob2.available('<priority>5</priority>');
    await bob3.available('<priority>1</priority>');
    await bob4.available('<priority>-1</priority>');
    return { bob, bob2, bob3, bob4, bob5 };
  };

  story('bare address: to those of the highest priority; headlines to all', { alice: 1, bob: 5 }, async (actors) => {
    const { alice, bob } = actors;
    expect(await outcomes(alice, bob.bare, await everyone(actors))).toEqual({
      normal: 'bob, bob2',
      chat: 'bob, bob2',
      groupchat: ERROR,
      headline: 'bob, bob2, bob3',
      error: 'nothing',
    });
  });

  story('full address: to that session alone', { alice: 1, bob: 5 }, async (actors) => {
    const { alice, bob4 } = actors;
    expect(await outcomes(alice, bob4.jid, await everyone(actors))).toEqual(
      Object.fromEntries(TYPES.map((type) => [type, 'bob4'])),
    );
  });

  story('full address that does not match', { alice: 1, bob: 5 }, async (actors) => {
    const { alice, bob } = actors;
    expect(await outcomes(alice, `${bob.bare}/gone`, await everyone(actors))).toEqual({
      normal: ERROR,
      chat: 'bob, bob2',
      groupchat: ERROR,
      headline: ERROR,
      error: 'nothing',
    });
  });
});

storiesOverAll('RFC 6121 section 5', (story) => {
  story(
    'section 5.2.2: a type that nobody knows is taken for normal, and so is none',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      alice.send(`<message to='${bob.bare}' type='shout' id='1'><body>a</body></message>`);
      alice.send(`<message to='${bob.bare}' id='2'><body>b</body></message>`);
      await bob.receives(`<message id='1' from='${alice.jid}'><body>a</body></message>`);
      await bob.receives(`<message id='2' from='${alice.jid}'><body>b</body></message>`);
    },
  );

  story('a message without an address is one to oneself', { alice: 1 }, async ({ alice }) => {
    await alice.available();
    alice.send("<message type='chat' id='note'><body>to me</body></message>");
    await alice.receives(`<message id='note' from='${alice.jid}'><body>to me</body></message>`);
  });

  story(
    'content that the server does not know arrives as it was sent',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      alice.send(
        `<message to='${bob.jid}' type='chat' id='x' xml:lang='de'><subject>s</subject><body>a &lt; b &amp; &#x1F600;</body>` +
          "<thread parent='p'>t</thread><x:odd xmlns:x='urn:test:odd' x:at='1'><x:in/></x:odd></message>",
      );
      const message = await bob.receives(
        "<message id='x' xml:lang='de'><subject>s</subject><thread parent='p'>t</thread><odd xmlns='urn:test:odd'/></message>",
      );
      expect(message.getChildText('body')).toBe('a < b & \u{1F600}');
    },
  );

  story(
    'messages of one sender arrive in the order in which they were sent',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      await bob.hasReceived();
      const bodies = Array.from({ length: 200 }, (_, index) => String(index));
      // Every other one through the account: both ways must keep step.
      for (const body of bodies)
        alice.send(
          `<message to='${Number(body) % 2 === 0 ? bob.bare : bob.jid}' type='chat'><body>${body}</body></message>`,
        );
      const messages = (await bob.hasReceived(alice)).filter((element) => element.is('message'));
      expect(messages.map((message) => message.getChildText('body'))).toEqual(bodies);
    },
  );
});

storiesOverAll('RFC 6120 section 8.1.2.1', (story) => {
  story('`from` is always the sender itself, whatever it wrote', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    for (const [id, from] of [
      ['none', ''],
      ['bare', `from='${alice.bare}'`],
      ['full', `from='${alice.jid}'`],
    ])
      alice.send(`<message ${from} to='${bob.jid}' id='${id}' type='chat'><body>x</body></message>`);
    for (const id of ['none', 'bare', 'full']) await bob.receives(`<message id='${id}' from='${alice.jid}'/>`);
  });

  story('a `from` of somebody else ends the stream', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    alice.send(`<message from='${bob.jid}' to='${bob.jid}' id='forged' type='chat'><body>x</body></message>`);
    await alice.client.closed();
    expect(alice.client.text).toContain('<invalid-from');
    expect((await bob.hasReceived()).filter((element) => element.is('message'))).toEqual([]);
  });
});

stories('RFC 6120 section 8.3', (story) => {
  story('a `to` that is no address gets jid-malformed', { alice: 1 }, async ({ alice }) => {
    for (const to of ['@localhost', 'a@@localhost', 'a b@localhost', `${'x'.repeat(1024)}@localhost`]) {
      alice.send(`<message to='${to}' id='bad' type='chat'><body>x</body></message>`);
      const error = await alice.receives("<message type='error' id='bad'><error type='modify'/></message>");
      expect(error.getChild('error')?.getChild('jid-malformed'), to).toBeDefined();
    }
  });

  story('a domain that nobody serves is not found', { alice: 1 }, async ({ alice }) => {
    alice.send("<message to='bob@elsewhere.example' id='far' type='chat'><body>x</body></message>");
    await alice.receives(
      "<message type='error' id='far' from='bob@elsewhere.example'><error type='cancel'><remote-server-not-found xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></message>",
    );
  });

  story('section 8.3.1: errors are never answered with errors', { alice: 1 }, async ({ alice }) => {
    const error = "<error type='cancel'><gone xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    for (const to of ['localhost', 'nobody@localhost', 'nobody@localhost/x', 'a@elsewhere.example']) {
      alice.send(`<message type='error' to='${to}' id='e'>${error}</message>`);
      alice.send(`<presence type='error' to='${to}' id='e'>${error}</presence>`);
      alice.send(`<iq type='error' to='${to}' id='e'>${error}</iq>`);
      alice.send(`<iq type='result' to='${to}' id='e'/>`);
    }
    await handled(alice, 'nobody@localhost');
    expect(await alice.hasReceived()).toEqual([]);
  });
});

stories('RFC 6120 section 10.3: a message to the server itself', (story) => {
  story('is refused, headlines and errors without a word', { alice: 1 }, async ({ alice }) => {
    for (const type of TYPES)
      alice.send(`<message to='localhost' type='${type}' id='${type}'><body>x</body></message>`);
    const errors = await alice.hasReceived();
    expect(errors.map((element) => element.attrs['id'])).toEqual(['normal', 'chat', 'groupchat']);
    for (const element of errors) expect(element.getChild('error')?.getChild('service-unavailable')).toBeDefined();
  });

  story('with a resource: there is none', { alice: 1 }, async ({ alice }) => {
    alice.send("<message to='localhost/x' id='m'><body>x</body></message>");
    await alice.receives("<message type='error' id='m' from='localhost/x'><error><item-not-found/></error></message>");
    const answer = await alice.asks("<iq type='get' to='localhost/x'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect(answer.getChild('error')?.getChild('item-not-found')).toBeDefined();
  });
});
