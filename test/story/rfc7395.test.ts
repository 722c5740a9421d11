/** RFC 7395: streams over WebSocket. */
import { expect, it } from 'vitest';
import { Actor, authenticate, bind, type Credentials } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { acknowledged, enable, lose, resume, returning, stanzasUntilNow } from '../support/story/managed.js';
import { RawClient } from '../support/story/raw-client.js';
import { ask, get } from '../support/story/raw-http.js';
import { opcode, RawWebSocket } from '../support/story/raw-websocket.js';
import { onEachServer, stories } from '../support/story/story.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const OPEN = `<open xmlns='${FRAMING}' to='localhost' version='1.0'/>`;
const CLOSE = `<close xmlns='${FRAMING}'/>`;

onEachServer('RFC 7395', (server) => {
  const connect = (options = {}) => RawWebSocket.connect(server.webSocketPort, options);

  it('section 3.1: the subprotocol is xmpp, whatever else is offered', async () => {
    const socket = await connect({ protocol: 'chat, xmpp' });
    expect(socket.fields['sec-websocket-protocol']).toBe('xmpp');
    socket.destroy();
  });

  it.each([
    ['without it', ''],
    ['with another', 'chat'],
  ])('section 3.1: a handshake %s is refused, and told why', async (_, protocol) => {
    await expect(connect({ protocol })).rejects.toThrow('400 The subprotocol "xmpp" has to be offered');
  });

  it('a request without an upgrade is told what it takes, and what a proxy may have lost', async () => {
    const { status, fields, body } = await ask(server.webSocketPort, get('/ws-xmpp'));
    expect([status, fields['upgrade']]).toEqual([426, 'websocket']);
    expect(body).toContain('Behind a reverse proxy');
  });

  it('section 3.4: <open/> is answered by <open/>, and features follow in a frame of their own', async () => {
    const socket = await connect();
    const texts: string[] = [];
    socket.onText = (text) => texts.push(text);
    socket.text(`<open xmlns='${FRAMING}' to='localhost' version='1.0' xml:lang='de'/>`);
    await socket.next(opcode.TEXT);
    await socket.next(opcode.TEXT);
    expect(texts[0]).toMatch(
      /^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='\w{32}' from='localhost' version='1.0' xml:lang='de'\/>$/,
    );
    expect(texts[1]).toMatch(
      /^<stream:features xmlns:stream=(['"])http:\/\/etherx.jabber.org\/streams\1>.*<\/stream:features>$/,
    );
    // Sections 3.8 and 3.9: TLS and compression belong to the transport.
    expect(texts[1]).not.toContain('starttls');
    expect(texts[1]).not.toContain('compression');
    socket.destroy();
  });

  it('section 3.6: <close/> is answered, and the socket closed by 1000', async () => {
    const socket = await connect();
    socket.text(OPEN);
    await socket.next(opcode.TEXT);
    await socket.next(opcode.TEXT);
    socket.text(CLOSE);
    expect((await socket.next(opcode.TEXT)).payload.toString()).toBe(CLOSE);
    expect(await socket.closeCode()).toBe(1000);
  });

  it.each([
    [
      'a stream header of TCP',
      "<stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>",
    ],
    ['an <open/> of another namespace', "<open xmlns='jabber:client' to='localhost' version='1.0'/>"],
    ['two elements in one frame', `${OPEN}<message/>`],
    ['half an element', `<open xmlns='${FRAMING}' to='localhost'`],
    ['an XML declaration', `<?xml version='1.0'?>${OPEN}`],
    ['a domain that is not served', `<open xmlns='${FRAMING}' to='nowhere.example' version='1.0'/>`],
  ])('section 3.4: %s ends in <open/>, an error and <close/>', async (_, sent) => {
    const socket = await connect();
    const texts: string[] = [];
    socket.onText = (text) => texts.push(text);
    socket.text(sent);
    expect(await socket.closeCode()).toBe(1000);
    expect(texts.filter((text) => !text.startsWith('<stream:features'))).toEqual([
      expect.stringMatching(/^<open /),
      expect.stringMatching(/^<stream:error xmlns:stream=/),
      CLOSE,
    ]);
  });

  it('section 3.2: a binary message is no XMPP', async () => {
    const socket = await connect();
    socket.send({ opcode: opcode.BINARY, payload: OPEN });
    expect(await socket.closeCode()).toBe(1003);
  });

  it('a message over max_stanza_size is refused by a stream error, also in fragments', async () => {
    for (const parts of [1, 8]) {
      const actor = await Actor.join(speaks(server.webSocketPort, 'WebSocket'), fresh());
      const text = `<message to='localhost'><body>${'x'.repeat(70_000)}</body></message>`;
      if (parts === 1) actor.send(text);
      else fragments(actor.client.webSocket as RawWebSocket, text, parts);
      expect(await actor.client.fails()).toBe('policy-violation');
    }
  });

  it('one far over it ends the connection at its first bytes', async () => {
    const socket = await connect();
    socket.send({ opcode: opcode.TEXT, payload: 'x', length: 1_000_000 });
    expect([undefined, 1006, 1009]).toContain(await socket.closeCode());
    await socket.ended();
  });
});

stories('RFC 7395 section 3.6 and XEP-0198: a session goes on over another transport', (story) => {
  story('from TCP to WebSocket and back', { alice: 1, bob: 1 }, async ({ alice, bob }, server) => {
    const { id } = await enable(bob);
    await lose(bob);
    alice.send(`<message to='${bob.jid}' type='chat'><body>one</body></message>`);
    const first = await returning(speaks(server.webSocketPort, 'WebSocket'), bob);
    expect((await resume(first.client, id, 0)).is('resumed')).toBe(true);
    await first.client.next((one) => one.getChildText('body') === 'one');
    first.client.send(`<message to='${alice.jid}' type='chat'><body>two</body></message>`);
    await alice.receives(`<message from='${bob.jid}'><body>two</body></message>`);
    expect(await acknowledged(first.client)).toBe(1);
    // Without <close/> the stream is only lost.
    (first.client.webSocket as RawWebSocket).close();
    await first.client.closed();

    const { client } = await returning(server.port, bob);
    expect((await resume(client, id, 1)).attrs['h']).toBe('1');
    alice.send(`<message to='${bob.jid}' type='chat'><body>three</body></message>`);
    await client.next((one) => one.getChildText('body') === 'three');
    expect((await stanzasUntilNow(client)).filter((one) => one.is('message'))).toEqual([]);
    client.destroy();
  });
});

const HANDLERS: readonly string[] = [
  'timeout = 5_000',
  'ping_rate = 100',
  'max_stanza_size = 2000',
  'shaper = "slow"',
  'access = "few"',
  'permessage_deflate = true',
  'state_timeout = 2_000',
  'backwards_compatible_session = false',
  'allowed_origins = ["https://chat.example", "app://chat"]',
  'allowed_origins = [] # at all',
  'see_other_uri = "wss://other.example/ws?a=1&b=2"\n    state_timeout = 2_000',
];

onBothEngines(
  'RFC 7395, by configuration',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      rest: `
${HANDLERS.map((line, index) => webListener(clientHandler(index % 2 === 0 ? 'mongoose_websocket_handler' : 'mod_websockets', line))).join('')}
[modules.mod_stream_management]
[shaper.slow]
  max_rate = 2000
[acl]
  few = [{user_glob = "few-*"}]
[access]
  few = [{acl = "few", value = "allow"}]
`,
    }),
  (server) => {
    const port = (option: string) => {
      const index = HANDLERS.findIndex((line) => line.startsWith(option));
      return speaks(server().ports[index + 1] as number, 'WebSocket');
    };

    it('timeout: whoever says nothing for so long is gone, and can resume; who is heard stays', async () => {
      const [quiet, alive] = await Promise.all([0, 1].map(() => Actor.join(port('timeout'), fresh())));
      const { id } = await enable(quiet as Actor);
      const { webSocket } = (alive as Actor).client;
      const pings = setInterval(() => webSocket?.send({ opcode: opcode.PING, payload: '' }), 100);
      expect(await quiet?.client.webSocket?.closeCode()).toBe(1001);
      await quiet?.client.closed();
      expect(alive?.client.isClosed).toBe(false);
      clearInterval(pings);
      const { client, features } = await returning(port('ping_rate'), quiet as Actor);
      expect(features.toString()).toContain('urn:xmpp:sm:3');
      expect((await resume(client, id, 0)).is('resumed')).toBe(true);
      client.destroy();
      alive?.vanish();
    });

    it('ping_rate: the server sends pings', async () => {
      const socket = await RawWebSocket.connect(port('ping_rate'));
      for (let count = 0; count < 3; count++) await socket.next(opcode.PING);
      socket.destroy();
    });

    it('state_timeout: a stream that does not go on is ended', async () => {
      const client = await RawClient.connect(port('state_timeout'));
      await client.open();
      expect(await client.fails()).toBe('connection-timeout');
    });

    it('max_stanza_size: larger stanzas are refused, and XEP-0478 tells the limit', async () => {
      const actor = await Actor.join(port('max_stanza_size'), fresh());
      expect(actor.client.text).toContain('<max-bytes>2000</max-bytes>');
      actor.send(`<message><body>${'x'.repeat(2_000)}</body></message>`);
      expect(await actor.client.fails()).toBe('policy-violation');
    });

    it('shaper: a flood takes its time, and nothing is lost', async () => {
      const actor = await Actor.join(port('shaper'), fresh());
      const startedAt = performance.now();
      for (let index = 0; index < 30; index++) {
        actor.send(`<message to='${actor.jid}' id='m${index}'><body>${'x'.repeat(160)}</body></message>`);
      }
      await actor.receives("<message id='m29'/>");
      // Some 6,600 bytes, the first 2,000 of which are free.
      expect(performance.now() - startedAt).toBeGreaterThan(1_500);
      actor.vanish();
    });

    it('access: only those whom the rule lets in get a session', async () => {
      await expect(Actor.join(port('access'), fresh())).rejects.toThrow('not-allowed');
      const actor = await Actor.join(port('access'), fresh('few'));
      actor.vanish();
    });

    it('backwards_compatible_session: the old feature is there unless it is turned off', async () => {
      const [without, with_] = await Promise.all(
        [port('backwards'), port('timeout')].map((one) => Actor.join(one, fresh())),
      );
      expect(without?.client.text).not.toContain('urn:ietf:params:xml:ns:xmpp-session');
      expect(with_?.client.text).toContain('urn:ietf:params:xml:ns:xmpp-session');
      without?.vanish();
      with_?.vanish();
    });

    it.each(['https://chat.example', 'HTTPS://Chat.Example:443', 'app://chat', undefined])(
      'allowed_origins: a page of the origin %s may connect',
      async (origin) => {
        const client = await RawClient.connect(port('allowed_origins'), from(origin));
        await client.open();
        client.destroy();
      },
    );

    it.each(['https://evil.example', 'http://chat.example', 'https://chat.example:444', 'null', ''])(
      'allowed_origins: a page of the origin "%s" may not, and is told why',
      async (origin) => {
        const connecting = RawWebSocket.connect(port('allowed_origins'), from(origin));
        await expect(connecting).rejects.toThrow(`403 Pages of the origin "${origin}" may not connect here`);
      },
    );

    it('allowed_origins: an empty list keeps out all pages, but not clients that are none', async () => {
      await expect(RawWebSocket.connect(port('allowed_origins = []'), from('null'))).rejects.toThrow('403');
      (await RawWebSocket.connect(port('allowed_origins = []'))).destroy();
    });

    it('unless allowed_origins is set, pages of all origins may connect', async () => {
      (await RawWebSocket.connect(port('ping_rate'), from('https://evil.example'))).destroy();
    });

    it('see_other_uri: whoever opens a stream is told where to go (section 3.6.1)', async () => {
      const socket = await RawWebSocket.connect(port('see_other_uri'));
      const texts: string[] = [];
      socket.onText = (text) => texts.push(text);
      socket.text(OPEN);
      expect(await socket.closeCode()).toBe(1000);
      expect(texts).toEqual([
        expect.stringMatching(
          /^<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' id='\w{32}' from='localhost' version/,
        ),
        `<close xmlns='${FRAMING}' see-other-uri='wss://other.example/ws?a=1&amp;b=2'/>`,
      ]);
    });

    it('see_other_uri: whoever says nothing is not waited for', async () => {
      const socket = await RawWebSocket.connect(port('see_other_uri'));
      expect(await socket.closeCode()).toBe(1001);
    });

    it('the address of a client is that of its session', async () => {
      const credentials = fresh();
      await Actor.join(port('ping_rate'), credentials);
      const client = await RawClient.connect(port('ping_rate'), { from: '127.0.0.9' });
      await client.open();
      await authenticate(client, credentials);
      await client.open();
      await bind(client, 'here');
      const user = `${credentials.username}@localhost`;
      const { result } = await new Ctl(server().dataDir).json(`session listUserSessions --user ${user}`);
      expect(result).toContainEqual(expect.objectContaining({ user: `${user}/here`, ip: '127.0.0.9' }));
      client.destroy();
    });
  },
);

function fragments(socket: RawWebSocket, text: string, count: number): void {
  const size = Math.ceil(text.length / count);
  for (let at = 0; at < text.length; at += size) {
    socket.send({
      opcode: at === 0 ? opcode.TEXT : opcode.CONTINUATION,
      payload: text.slice(at, at + size),
      isFinal: at + size >= text.length,
    });
  }
}

/** The field by which a browser tells whose page connects (RFC 6454 section 7). */
function from(origin: string | undefined): { fields: string } {
  return { fields: origin === undefined ? '' : `Origin: ${origin}\r\n` };
}

function fresh(name = 'web'): Credentials {
  return { username: `${name}-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
