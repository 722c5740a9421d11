/** RFC 6120 section 4: how streams begin, restart, fail and end. */
import { expect, it } from 'vitest';
import { Actor, authenticate, register } from '../support/story/actor.js';
import { header, RawClient } from '../support/story/raw-client.js';
import { onEachServer, type StoryServer, stories } from '../support/story/story.js';

const STREAM = "xmlns:stream='http://etherx.jabber.org/streams'";
const CLIENT = "xmlns='jabber:client'";

onEachServer('RFC 6120 section 4.7: stream headers', (server) => {
  it('section 4.7.1: the answer is from the domain that was asked for', async () => {
    const client = await RawClient.connect(server.port);
    await client.open('other.example');
    expect(client.header?.attrs['from']).toBe('other.example');
  });

  it('section 4.7.1: a domain may be asked for in any spelling that means the same', async () => {
    const client = await RawClient.connect(server.port);
    await client.open('Other.EXAMPLE.');
    expect(client.header?.attrs['from']).toBe('other.example');
  });

  it('section 4.7.2: the answer is to the bare JID that the client gave as its own', async () => {
    const client = await RawClient.connect(server.port);
    await client.open('localhost', "from='Juliet@localhost/balcony' version='1.0'");
    expect(client.header?.attrs['to']).toBe('juliet@localhost');
  });

  it('section 4.7.2: the answer has no "to" when the client gave no "from"', async () => {
    const client = await RawClient.connect(server.port);
    await client.open();
    expect(client.header?.attrs['to']).toBeUndefined();
  });

  it('section 4.7.3: every stream has another id, long enough not to be guessed', async () => {
    const ids = new Set<string>();
    for (let i = 0; i < 5; i++) {
      const client = await RawClient.connect(server.port);
      await client.open();
      ids.add(client.header?.attrs['id']);
    }
    expect(ids.size).toBe(5);
    for (const id of ids) expect(id.length).toBeGreaterThanOrEqual(22);
  });

  it.each([
    ['de', 'de'],
    ['en-GB', 'en-GB'],
    ['not a language', 'en'],
  ])('section 4.7.4: a stream opened in %j is answered in %j', async (asked, answered) => {
    const client = await RawClient.connect(server.port);
    await client.open('localhost', `xml:lang='${asked}' version='1.0'`);
    expect(client.header?.attrs['xml:lang']).toBe(answered);
  });

  it('section 4.7.4: a stream opened in no language is answered in that of the server', async () => {
    const client = await RawClient.connect(server.port);
    await client.open();
    expect(client.header?.attrs['xml:lang']).toBe('en');
  });

  it.each(['1.0', '1.7', '2.0', '10.0', '01.0'])('section 4.7.5: version %s is answered with 1.0', async (version) => {
    const client = await RawClient.connect(server.port);
    await client.open('localhost', `version='${version}'`);
    expect(client.header?.attrs['version']).toBe('1.0');
  });

  it.each(["version='0.9'", "version='00.9'", '', "version='one'"])(
    'section 4.9.3.25: a header with %j has an unsupported version',
    async (version) => {
      const client = await RawClient.connect(server.port);
      client.send(header(`to='localhost' ${version}`));
      expect(await client.fails()).toBe('unsupported-version');
    },
  );

  it("section 4.8: prefixes are of the client's choosing", async () => {
    const client = await RawClient.connect(server.port);
    client.send(
      "<s:stream xmlns:s='http://etherx.jabber.org/streams' xmlns='jabber:client' to='localhost' version='1.0'>",
    );
    await client.next((element) => element.is('features'));
    expect(client.header?.getNS()).toBe('http://etherx.jabber.org/streams');
  });

  it('section 4.3.2: the features of a fresh stream offer mechanisms', async () => {
    const client = await RawClient.connect(server.port);
    const features = await client.open();
    expect(features.getNS()).toBe('http://etherx.jabber.org/streams');
    expect(features.getChild('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl')).toBeDefined();
    expect(features.getChild('bind')).toBeUndefined();
  });
});

/** What is wrong with the start of a stream, what is sent, and what answers. */
const BAD_STARTS: readonly [string, string | Buffer, string][] = [
  ['4.9.3.1: a stream header that is closed at once', header().replace(/>$/, '/>'), 'bad-format'],
  ['4.9.3.2: an undeclared prefix', "<stream:stream xmlns='jabber:client' to='localhost'>", 'bad-namespace-prefix'],
  ['4.9.3.6: a domain that is not served', header("to='nowhere.example' version='1.0'"), 'host-unknown'],
  ['4.9.3.6: no domain', header("version='1.0'"), 'host-unknown'],
  ['4.9.3.6: what cannot be a domain', header("to='&lt;&quot;@@/' version='1.0'"), 'host-unknown'],
  ['4.9.3.6: an account instead of a domain', header("to='alice@localhost' version='1.0'"), 'host-unknown'],
  [
    '4.9.3.10: another namespace of streams',
    `<stream:stream ${CLIENT} xmlns:stream='urn:x' to='localhost'>`,
    'invalid-namespace',
  ],
  [
    '4.9.3.10: another namespace of content',
    `<stream:stream xmlns='urn:x' ${STREAM} to='localhost' version='1.0'>`,
    'invalid-namespace',
  ],
  [
    '4.9.3.10: the content of servers',
    `<stream:stream xmlns='jabber:server' ${STREAM} to='localhost' version='1.0'>`,
    'invalid-namespace',
  ],
  ['4.9.3.10: another name', `<stream:river ${CLIENT} ${STREAM} to='localhost' version='1.0'>`, 'invalid-namespace'],
  ['4.9.3.13: no XML', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n', 'not-well-formed'],
  ['4.9.3.13: an attribute twice', header("to='localhost' to='localhost' version='1.0'"), 'not-well-formed'],
  ['4.9.3.13: an attribute without quotes', header("to=localhost version='1.0'"), 'not-well-formed'],
  [
    '4.9.3.13: bytes that are not UTF-8',
    Buffer.concat([Buffer.from(header()), Buffer.from([0xff, 0xfe])]),
    'not-well-formed',
  ],
  ['4.9.3.18: a DTD', `<!DOCTYPE stream [<!ENTITY a 'b'>]>${header()}`, 'restricted-xml'],
  ['4.9.3.18: a comment', `<!-- hello -->${header()}`, 'restricted-xml'],
  ['4.9.3.18: a processing instruction', `<?php evil() ?>${header()}`, 'restricted-xml'],
  [
    '4.9.3.22: another encoding',
    header().replace("version='1.0'?", "version='1.0' encoding='ISO-8859-1'?"),
    'unsupported-encoding',
  ],
];

onEachServer('RFC 6120 section 4.9.3: a stream that begins badly', (server) => {
  it.each(BAD_STARTS)('section %s', async (_, start, condition) => {
    const client = await RawClient.connect(server.port);
    client.send(start);
    expect(await client.fails()).toBe(condition);
  });

  it.each(BAD_STARTS)('section 4.9.1.2: a header comes before the error for %s', async (_, start) => {
    const client = await RawClient.connect(server.port);
    client.send(start);
    await client.fails();
    expect(client.header?.is('stream', 'http://etherx.jabber.org/streams')).toBe(true);
    expect(client.header?.attrs).toMatchObject({ from: 'localhost', version: '1.0', id: expect.any(String) });
    expect(client.text.match(/<stream:stream/g)).toHaveLength(1);
  });
});

/** What is wrong inside a stream, and what answers, at every stage. */
const BAD_CONTENT: readonly [string, string | Buffer, string][] = [
  ['4.9.3.2: an undeclared prefix', '<x:message/>', 'bad-namespace-prefix'],
  ['4.9.3.2: an undeclared prefix of an attribute', "<message x:a='b'/>", 'bad-namespace-prefix'],
  ['4.9.3.10: a stanza of another namespace', "<message xmlns='jabber:server'/>", 'invalid-namespace'],
  ['4.9.3.13: tags that do not fit', '<message><body></message>', 'not-well-formed'],
  ['4.9.3.1: text between elements', 'hello <message/>', 'bad-format'],
  ['4.9.3.18: an entity that is not predefined', '<message><body>&nbsp;</body></message>', 'restricted-xml'],
  ['4.9.3.13: a character that XML forbids', '<message><body>&#0;</body></message>', 'not-well-formed'],
  ['4.9.3.13: a control character', '<message><body>\u0001</body></message>', 'not-well-formed'],
  [
    '4.9.3.13: half a character',
    Buffer.concat([Buffer.from('<message><body>'), Buffer.from([0xc3]), Buffer.from('</body>')]),
    'not-well-formed',
  ],
  [
    '4.9.3.13: a surrogate in UTF-8',
    Buffer.concat([Buffer.from('<message><body>'), Buffer.from([0xed, 0xa0, 0x80])]),
    'not-well-formed',
  ],
  [
    '4.9.3.13: an overlong form',
    Buffer.concat([Buffer.from('<message><body>'), Buffer.from([0xc0, 0xaf])]),
    'not-well-formed',
  ],
  ['4.9.3.18: a comment', '<message><!-- hello --></message>', 'restricted-xml'],
  ['4.9.3.18: a processing instruction', '<message><?x y?></message>', 'restricted-xml'],
  ['4.9.3.18: a DTD', '<!DOCTYPE message>', 'restricted-xml'],
  ['4.9.3.24: an element that is no stanza', "<river xmlns='urn:x'/>", 'unsupported-stanza-type'],
];

/** How far a stream has come, and how to get there. */
const STAGES: readonly [string, (server: StoryServer) => Promise<RawClient>][] = [
  [
    'before authentication',
    async ({ port }) => {
      const client = await RawClient.connect(port);
      await client.open();
      return client;
    },
  ],
  ['after authentication', async ({ port }) => (await authenticated(port)).client],
  ['once bound', async ({ port }) => (await bound(port)).client],
];

onEachServer('RFC 6120 section 4.9.3: bad input', (server) => {
  for (const [stage, reach] of STAGES) {
    it.each(BAD_CONTENT)(`${stage}, section %s`, async (_, content, condition) => {
      const client = await reach(server);
      client.send(content);
      expect(await client.fails()).toBe(condition);
    });
  }

  it.each(["<message to='localhost'/>", '<presence/>', "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"])(
    'section 4.9.3.12: %s is not authorized before login',
    async (stanza) => {
      const client = await RawClient.connect(server.port);
      await client.open();
      client.send(stanza);
      expect(await client.fails()).toBe('not-authorized');
    },
  );

  it.each(["<message to='localhost'/>", '<presence/>', "<iq type='get' id='1'><ping xmlns='urn:xmpp:ping'/></iq>"])(
    'section 7.1: %s is not authorized before a resource is bound',
    async (stanza) => {
      const { client } = await authenticated(server.port);
      client.send(stanza);
      expect(await client.fails()).toBe('not-authorized');
    },
  );

  it.each(['someone@localhost', 'someone@localhost/x', '@@', 'localhost'])(
    'section 4.9.3.9: a stanza may not be from %s',
    async (from) => {
      const actor = await bound(server.port);
      actor.send(`<message from='${from}' to='${actor.bare}'><body>forged</body></message>`);
      expect(await actor.client.fails()).toBe('invalid-from');
    },
  );

  it('section 4.9.3.9: nor from another resource of the own account', async () => {
    const actor = await bound(server.port);
    actor.send(`<message from='${actor.bare}/other' to='${actor.bare}'/>`);
    expect(await actor.client.fails()).toBe('invalid-from');
  });

  it('section 8.1.2.1: but from the full and the bare JID of the sender', async () => {
    const actor = await bound(server.port);
    for (const from of [actor.jid, actor.bare, actor.jid.toUpperCase().replace(/\/.*/, `/${actor.resource}`)]) {
      actor.send(`<message from='${from}' to='${actor.jid}' id='mine'><body>hello</body></message>`);
      await actor.receives(`<message from='${actor.jid}' id='mine'/>`);
    }
    actor.vanish();
  });

  it('section 4.6.1: white space between elements means nothing', async () => {
    const actor = await bound(server.port);
    actor.send(' \n\t \r\n');
    await actor.asks("<iq type='get' to='localhost'> <ping xmlns='urn:xmpp:ping'/> </iq>");
    actor.vanish();
  });

  it('section 11.4: an XML declaration belongs to the start of a stream', async () => {
    const actor = await bound(server.port);
    actor.send("<?xml version='1.0'?>");
    expect(['restricted-xml', 'not-well-formed']).toContain(await actor.client.fails());
  });

  it('section 11.6: UTF-8 may be declared, in any case', async () => {
    const client = await RawClient.connect(server.port);
    client.send(header().replace("version='1.0'?", "version='1.0' encoding='utf-8'?"));
    await client.next((element) => element.is('features'));
    client.destroy();
  });

  it('section 11.6: characters may be cut anywhere between two reads', async () => {
    const actor = await bound(server.port);
    const text = 'Grüße, 世界 🐈 \u{10ffff}';
    for (const byte of Buffer.from(`<message to='${actor.jid}' id='cut'><body>${text}</body></message>`)) {
      actor.client.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await actor.receives("<message id='cut'/>")).getChildText('body')).toBe(text);
    actor.vanish();
  });
});

onEachServer('RFC 6120 section 4.4: the end of a stream', (server) => {
  it.each(STAGES)('%s the server answers the end of a stream with its own and closes', async (_, reach) => {
    const client = await reach(server);
    client.send('</stream:stream>');
    await client.closed();
    expect(client.text.endsWith('</stream:stream>')).toBe(true);
    expect(client.text).not.toContain('<stream:error');
  });

  it('what was sent before the end is still worked on', async () => {
    const alice = await bound(server.port);
    const bob = await bound(server.port);
    alice.send(`<message to='${bob.jid}' id='last'><body>bye</body></message></stream:stream>`);
    await bob.receives("<message id='last'><body>bye</body></message>");
    await alice.client.closed();
    bob.vanish();
  });

  it('what comes behind the end is not', async () => {
    const alice = await bound(server.port);
    const bob = await bound(server.port);
    alice.send(`</stream:stream><message to='${bob.jid}' id='late'/>`);
    await alice.client.closed();
    expect((await bob.hasReceived()).filter(({ attrs }) => attrs['id'] === 'late')).toEqual([]);
    bob.vanish();
  });

  it('section 4.9.1.1: nothing is answered behind an error', async () => {
    const actor = await bound(server.port);
    actor.send("<river xmlns='urn:x'/><iq type='get' id='late' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    expect(await actor.client.fails()).toBe('unsupported-stanza-type');
    expect(actor.client.text).not.toContain('late');
  });
});

onEachServer('RFC 6120 section 4.3.3: a stream restarts', (server) => {
  it('after SASL, with an id of its own and other features', async () => {
    const client = await RawClient.connect(server.port);
    await client.open();
    const first = client.header?.attrs['id'];
    const { client: second } = await authenticated(server.port, client);
    const features = await second.next((element) => element.is('features'));
    expect(second.header?.attrs['id']).not.toBe(first);
    expect(features.getChild('bind', 'urn:ietf:params:xml:ns:xmpp-bind')).toBeDefined();
    expect(features.getChild('mechanisms')).toBeUndefined();
    second.destroy();
  });

  it('for the same domain and no other', async () => {
    const { client } = await authenticated(server.port, undefined, false);
    client.restart();
    client.send(header("to='other.example' version='1.0'"));
    expect(await client.fails()).toBe('host-unknown');
  });

  it('and may be pipelined with what negotiates it', async () => {
    const credentials = fresh();
    await register(server.port, credentials);
    const client = await RawClient.connect(server.port);
    await client.open();
    const plain = Buffer.from(`\0${credentials.username}\0${credentials.password}`).toString('base64');
    client.send(
      `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>${header()}` +
        "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>" +
        "<iq type='get' id='p' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>",
    );
    await client.until(() => /id='p'|id="p"/.test(client.text), 'the answer to the ping');
    expect(client.text).toMatch(/<success.*<stream:features>.*<bind.*<jid>/s);
    client.destroy();
  });
});

stories('RFC 6120 section 4.9.3', (story) => {
  story('section 4.9.3.3: a session that is replaced gets a conflict', { alice: 1 }, async ({ alice }, { port }) => {
    const again = await (alice as Actor).another(port, (alice as Actor).resource);
    expect(await (alice as Actor).client.fails()).toBe('conflict');
    expect(again.jid).toBe((alice as Actor).jid);
    again.vanish();
  });
});

function fresh() {
  return { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}

async function bound(port: number): Promise<Actor> {
  return Actor.join(port, fresh());
}

async function authenticated(port: number, open?: RawClient, restart = true) {
  const credentials = fresh();
  await register(port, credentials);
  const client = open ?? (await RawClient.connect(port));
  if (!open) await client.open();
  await authenticate(client, credentials);
  client.restart();
  if (restart) client.send(header());
  return { client, credentials };
}
