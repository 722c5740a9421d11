/** RFC 6455 and RFC 7692: frames of every kind, cut, broken and compressed, sent by hand. */
import { deflateRawSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { type Frame, opcode, RawWebSocket, type RawWebSocketOptions } from '../support/story/raw-websocket.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const { CONTINUATION, TEXT, CLOSE, PING, PONG } = opcode;

const listener = (line: string) =>
  webListener(clientHandler('mongoose_websocket_handler', 'max_stanza_size = 100000', 'state_timeout = 60_000', line));

onBothEngines(
  'WebSocket',
  (engine) => ownConfig({ engine, shards: 2, rest: listener('') + listener('permessage_deflate = true') }),
  (server) => {
    const connect = (options: RawWebSocketOptions = {}, index = 1) =>
      RawWebSocket.connect(server().ports[index] as number, options);
    const compressed = (deflate: string) => connect({ deflate }, 2);
    const isServed = async (socket: RawWebSocket) => {
      expect((await socket.next(TEXT)).payload.toString()).toMatch(/^<open /);
      socket.destroy();
    };

    describe('RFC 6455 section 5.4: a message is read whole', () => {
      it.each([2, 3, OPEN.length])('in %i frames', async (count) => {
        const socket = await connect();
        socket.send(...pieces(OPEN, count));
        await isServed(socket);
      });

      it('a byte at a time', async () => {
        const socket = await connect();
        await socket.trickle(...pieces(OPEN, 3));
        await isServed(socket);
      });

      it('with a ping between its frames, which is answered first', async () => {
        const socket = await connect();
        const [first, second] = pieces(OPEN, 2) as [Frame, Frame];
        socket.send(first, { opcode: PING, payload: 'now' });
        expect((await socket.next(PONG)).payload.toString()).toBe('now');
        socket.send(second);
        await isServed(socket);
      });

      it('with empty frames at its end and in its middle', async () => {
        const socket = await connect();
        const [first, second] = pieces(OPEN, 2) as [Frame, Frame];
        const nothing = { opcode: CONTINUATION, payload: '' };
        socket.send(first, { ...nothing, isFinal: false }, { ...second, isFinal: false }, nothing);
        await isServed(socket);
      });

      it('with a character that is cut by the end of a frame', async () => {
        const bytes = Buffer.from(OPEN.replace('/>', " from='ü@localhost'/>"));
        const at = bytes.indexOf('ü') + 1;
        const socket = await connect();
        socket.send(
          { opcode: TEXT, payload: bytes.subarray(0, at), isFinal: false },
          { opcode: CONTINUATION, payload: bytes.subarray(at) },
        );
        await isServed(socket);
      });
    });

    it.each(['', 'x', 'x'.repeat(125)])('section 5.5.3: a pong echoes its ping', async (payload) => {
      const socket = await connect();
      socket.send({ opcode: PING, payload });
      expect((await socket.next(PONG)).payload.toString()).toBe(payload);
      socket.destroy();
    });

    it('section 5.5.3: a pong that nobody asked for does nothing', async () => {
      const socket = await connect();
      socket.send({ opcode: PONG, payload: 'unasked' }, { opcode: TEXT, payload: OPEN });
      await isServed(socket);
    });

    it.each<[string, readonly Frame[]]>([
      ['5.2: reserved bits', [{ opcode: TEXT, payload: OPEN, reserved: 2 }]],
      ['5.2: a bit of an extension that was not agreed upon', [{ opcode: TEXT, payload: OPEN, reserved: 4 }]],
      ['5.2: a reserved kind of data', [{ opcode: 3, payload: OPEN }]],
      ['5.2: a reserved kind of control', [{ opcode: 11, payload: '' }]],
      ['5.2: a length of 2^62', [{ opcode: TEXT, payload: '', length: 2 ** 62 }]],
      ['5.4: a continuation of nothing', [{ opcode: CONTINUATION, payload: OPEN }]],
      [
        '5.4: a message within another',
        [
          { opcode: TEXT, payload: '<', isFinal: false },
          { opcode: TEXT, payload: OPEN },
        ],
      ],
      ['5.5: a control frame in pieces', [{ opcode: PING, payload: '', isFinal: false }]],
      ['5.5: a control frame of 126 bytes', [{ opcode: PING, payload: 'x'.repeat(126) }]],
      ['8.1: bytes that are no UTF-8', [{ opcode: TEXT, payload: Buffer.from([0x3c, 0xff]) }]],
      ['8.1: half of a surrogate pair', [{ opcode: TEXT, payload: Buffer.from([0x3c, 0xed, 0xa0, 0x80]) }]],
      ['8.1: an overlong character', [{ opcode: TEXT, payload: Buffer.from([0x3c, 0xc0, 0xaf]) }]],
      [
        '8.1: a character that is cut by the end of the message',
        [{ opcode: TEXT, payload: Buffer.from([0x3c, 0xc3]) }],
      ],
    ])('section %s ends the connection', async (_, frames) => {
      const socket = await connect();
      socket.send(...frames);
      await socket.ended();
      expect(socket.frames.filter((frame) => frame.opcode === TEXT)).toEqual([]);
    });

    it('section 5.1: a frame without a mask is not read as what it says', async () => {
      const socket = await connect();
      socket.send({ opcode: TEXT, payload: OPEN.padEnd(100), isMasked: false });
      socket.send({ opcode: PING, payload: '' });
      await eventually(() => socket.frames.some((frame) => frame.opcode === PONG) || socket.isClosed);
      expect(socket.frames.some(({ payload }) => payload.includes('stream:features'))).toBe(false);
      socket.destroy();
    });

    it.each([1000, 1001, 1011, 4999])('section 5.5.1: a close with %i is answered by the same', async (code) => {
      const socket = await connect();
      socket.close(code);
      expect(await socket.closeCode()).toBe(code);
      await socket.ended();
    });

    it.each<[string, Buffer]>([
      ['no code', Buffer.alloc(0)],
      ['half a code', Buffer.from([3])],
      ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map((code): [string, Buffer] => [
        `the code ${code}`,
        coded(code),
      ]),
      ['a reason that is no UTF-8', coded(1000, Buffer.from([0xff]))],
    ])('section 7.4: a close with %s is answered by one without a code', async (_, payload) => {
      const socket = await connect();
      socket.send({ opcode: CLOSE, payload }, { opcode: TEXT, payload: OPEN });
      expect(await socket.closeCode()).toBe(1005);
      await socket.ended();
      expect(socket.frames.filter((frame) => frame.opcode === TEXT)).toEqual([]);
    });

    it.each([1, 10])('a message that is far too large, in %i frames, ends the connection at once', async (count) => {
      const socket = await connect();
      const frames = pieces('x'.repeat(1_000_000), count);
      // The last byte never comes.
      socket.send(...(count === 1 ? [{ opcode: TEXT, payload: 'x', length: 1_000_000 }] : frames.slice(0, -1)));
      await socket.ended();
    });

    it('RFC 7692: what is offered well is compressed, both ways', async () => {
      const socket = await compressed('; client_max_window_bits');
      expect(socket.isCompressed).toBe(true);
      socket.text(OPEN);
      const answer = await socket.next(TEXT);
      expect([answer.isCompressed, answer.payload.toString()]).toEqual([true, expect.stringMatching(/^<open /)]);
      socket.destroy();
    });

    it.each(['; server_max_window_bits=9', '; nonsense'])(
      'RFC 7692 section 7.1: an offer with%s is declined, and the connection goes on without',
      async (parameters) => {
        const socket = await compressed(parameters);
        expect(socket.isCompressed).toBe(false);
        socket.text(OPEN);
        await isServed(socket);
      },
    );

    it('where it is not turned on, nothing is compressed', async () => {
      expect((await connect({ deflate: '' })).isCompressed).toBe(false);
    });

    it('RFC 7692 section 8.1: a bomb ends its own connection, and nobody else notices', async () => {
      const port = server().ports[2] as number;
      const [alice, bob] = await Promise.all(
        ['alice', 'bob'].map((username) => {
          return Actor.join(speaks(port, 'WebSocket'), { username, domain: 'localhost', password: 'secret' });
        }),
      );
      const bomb = deflateRawSync(Buffer.alloc(100_000_000, ' '));
      expect(bomb.length).toBeLessThan(100_000);
      for (let count = 0; count < 5; count++) {
        const socket = await compressed('');
        socket.send({ opcode: TEXT, payload: bomb, reserved: 4 });
        await socket.ended();
      }
      alice?.send(`<message to='${bob?.jid}' id='calm'/>`);
      await bob?.receives("<message id='calm'/>");
      alice?.vanish();
      bob?.vanish();
    });

    it.each<[string, Buffer]>([
      ['is no deflate stream', Buffer.from([0xff, 0xff, 0xff])],
      ['ends early', deflateRawSync(OPEN).subarray(0, 10)],
    ])('RFC 7692 section 7.2.2: a message that %s is not read as XMPP', async (_, payload) => {
      const socket = await compressed('');
      socket.send({ opcode: TEXT, payload, reserved: 4 }, { opcode: PING, payload: '' });
      await eventually(() => socket.frames.some((frame) => frame.opcode === PONG) || socket.isClosed);
      expect(socket.frames.some((frame) => frame.payload.includes('stream:features'))).toBe(false);
      socket.destroy();
    });
  },
);

function pieces(text: string, count: number): Frame[] {
  const size = Math.ceil(text.length / count);
  return Array.from({ length: Math.ceil(text.length / size) }, (_, index) => ({
    opcode: index === 0 ? TEXT : CONTINUATION,
    payload: text.slice(index * size, (index + 1) * size),
    isFinal: (index + 1) * size >= text.length,
  }));
}

function coded(code: number, reason: Uint8Array = Buffer.alloc(0)): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(code);
  return Buffer.concat([bytes, reason]);
}
