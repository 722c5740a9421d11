/** Contract of engines: connections whose bytes are frames, by a socket that somebody else owns. */
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, release, streamFailure } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import {
  type CreateEngine,
  LIMITS,
  type Reaction,
  resting,
  type Shard,
  settle,
  step,
  streaming,
} from '../../support/engine/harness.js';
import { CLOSE, FACTS, OPEN, Owner } from '../../support/engine/owner.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, STREAM_CLOSED, STREAM_FAILED, CLOSED, RELEASED, READ_ON } = eventKind;
const MESSAGE = "<message xmlns='jabber:client' to='b@localhost'><body>hi</body></message>";

export function framesContract(create: CreateEngine): void {
  describe('frames', () => {
    const scene = new Scene(create);

    /** A connection that was fed these frames. */
    async function fed(frames: readonly string[], react: Reaction = step, options = {}): Promise<[Shard, Owner]> {
      const shard = await scene.shard(react);
      const owner = Owner.attach(shard, options);
      for (const frame of frames) owner.feed(frame);
      return [shard, owner];
    }

    test('attach: CONNECTED names the listener, and details give what was told', async () => {
      const shard = await scene.shard();
      const tls = {
        version: 'TLSv1.3' as const,
        cipher: 'TLS_AES_128_GCM_SHA256',
        serverName: 'localhost',
        peerCertificate: undefined,
        verified: false,
        selfSigned: false,
        verifyError: undefined,
      };
      const bindings = { 'tls-server-end-point': Uint8Array.of(1, 2, 3) };
      Owner.attach(shard, {}, { tls, bindings });
      const { slot, generation, detail } = await shard.next(CONNECTED);
      expect(detail).toBe(0);
      const { bindings: _, ...facts } = FACTS;
      expect(shard.engine.details(slot, generation)).toEqual({
        ...facts,
        tls,
        framing: 'websocket',
        bytesIn: 0,
        bytesOut: 0,
        queuedBytes: 0,
      });
      const binding = shard.engine.channelBinding(slot, generation, 'tls-server-end-point');
      expect(binding && [...binding]).toEqual([1, 2, 3]);
      expect(shard.engine.channelBinding(slot, generation, 'tls-exporter')).toBeUndefined();
      expect(shard.engine.startCompression(slot, generation, '<x/>')).toBe(false);
      expect(shard.engine.counters()).toMatchObject({ connections: 1, accepted: 1 });
    });

    test('attach: nothing behind unlisten, or above the most connections, which a detached one no longer is', async () => {
      const shard = await scene.shard();
      const first = Owner.attach(shard, { maxConnections: 1 });
      await shard.next(CONNECTED);
      expect(shard.engine.attach(0, FACTS)).toBeUndefined();
      first.detach();
      await shard.next(CLOSED);
      await shard.until(() => shard.engine.attach(0, FACTS) !== undefined);
      shard.engine.unlisten(0);
      expect(shard.engine.attach(0, FACTS)).toBeUndefined();
      expect(shard.engine.attach(7, FACTS)).toBeUndefined();
    });

    test('RFC 7395 section 3.4: `<open/>` is the header of a stream of jabber:client, in lockstep', async () => {
      const trees: unknown[] = [];
      const [shard] = await fed([OPEN, MESSAGE], (told, engine) => {
        if (told.kind === STREAM_OPENED) trees.push(engine.tree(told.envelope));
      });
      const { slot, generation } = await shard.next(STREAM_OPENED);
      expect(trees).toMatchObject([
        { name: 'open', attrs: { xmlns: 'jabber:client', to: 'localhost', version: '1.0' }, children: [] },
      ]);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED]);
      shard.engine.proceed(slot, generation, proceed.STEP);
      expect((await shard.next(ELEMENT)).text).toBe(MESSAGE);
    });

    test('RFC 7395 section 3.6: `<close/>` is the end of the stream, and what comes behind it is not read', async () => {
      const [shard] = await fed([OPEN, CLOSE, MESSAGE]);
      await shard.next(STREAM_CLOSED);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, STREAM_CLOSED]);
    });

    test('RFC 7395 section 3.7: after RESTART an `<open/>` is read anew', async () => {
      const [shard] = await fed([OPEN, "<auth xmlns='u'/>", OPEN, MESSAGE], (told, engine) => {
        const how = told.text.startsWith('<auth') ? proceed.RESTART : proceed.STEP;
        if (told.kind === STREAM_OPENED || told.kind === ELEMENT) engine.proceed(told.slot, told.generation, how);
      });
      await shard.next(STREAM_OPENED);
      await shard.next(ELEMENT);
      await shard.next(STREAM_OPENED);
      expect((await shard.next(ELEMENT)).text).toBe(MESSAGE);
    });

    test('STREAM: many frames arrive in one batch', async () => {
      const [shard] = await fed([OPEN, ...Array<string>(50).fill(MESSAGE)], streaming);
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === 50);
      expect(new Set(shard.told.filter((told) => told.kind === ELEMENT).map((told) => told.batch)).size).toBe(1);
    });

    test('a frame may come in pieces cut anywhere, the last of them empty', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard);
      for (const frame of [OPEN, "<message xmlns='jabber:client'><body>€ 😀 &amp; <![CDATA[<]]></body></message>"]) {
        for (const byte of Buffer.from(frame)) owner.feed(Uint8Array.of(byte), false);
        owner.feed('', true);
        await settle();
      }
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, ELEMENT]);
    });

    test.each([
      ['left open', ['<message xmlns="jabber:client"><body>']],
      ['in two frames', ['<message>', '</message>']],
      ['cut within a tag', ['<message']],
      ['with two elements', ['<iq/><iq/>']],
      ['with text', ['<iq/>x']],
      ['of text', ['x']],
      ['with half a character', [Buffer.from([0xe2, 0x82])]],
    ] as const)('RFC 7395 section 3.3: a frame %s is a failure of its own', async (_, frames) => {
      const shard = await scene.shard(streaming);
      const owner = Owner.attach(shard);
      owner.feed(OPEN);
      for (const frame of frames) owner.feed(frame);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.BAD_FRAME);
      expect(shard.told.filter((told) => told.kind === ELEMENT && told.text.includes('iq')).length).toBeLessThan(2);
    });

    test.each([
      ['another header', "<stream xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>", 'INVALID_NAMESPACE'],
      ['another namespace', "<open xmlns='jabber:client'/>", 'INVALID_NAMESPACE'],
      ['a declaration', "<?xml version='1.0'?><open/>", 'RESTRICTED_XML'],
      ['an undeclared prefix', '<stream:error/>', 'BAD_NAMESPACE_PREFIX'],
    ] as const)('%s is refused', async (_, frame, failure) => {
      const [shard] = await fed([frame]);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure[failure]);
    });

    test('white space around an element, or alone in a frame, says nothing', async () => {
      const [shard] = await fed([` ${OPEN}\n`, ' ', '', ` ${MESSAGE} `]);
      await shard.next(STREAM_OPENED);
      expect((await shard.next(ELEMENT)).text).toBe(MESSAGE);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, ELEMENT]);
    });

    test('XEP-0124 section 7: the frames of BOSH hold any number of elements', async () => {
      const [shard] = await fed([OPEN, `<iq id='1'/>\n${MESSAGE}<iq/>`, ''], step, { framing: 'bosh' });
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === 3);
      const [slot, generation] = [shard.told[0]?.slot as number, shard.told[0]?.generation as number];
      expect(shard.engine.details(slot, generation)?.framing).toBe('bosh');
    });

    test.each([
      ['maxStanzaBytes', { maxStanzaBytes: 200 }, `<a>${'x'.repeat(198)}`, 'STANZA_TOO_LARGE'],
      ['maxDepth', { maxDepth: 2 }, '<a><b><c>', 'TOO_DEEP'],
      ['maxAttributes', { maxAttributes: 4 }, "<a b='' c='' d='' e='' f=''>", 'TOO_MANY_ATTRIBUTES'],
      ['maxTagBytes', { maxTagBytes: 150 }, `<a b='${'x'.repeat(146)}`, 'TAG_TOO_LARGE'],
      ['maxChildren', { maxChildren: 3 }, '<a><b/><b><b/></b><b/>', 'TOO_MANY_CHILDREN'],
      ['before login', { maxBytesBeforeAuthentication: 90 }, 'x'.repeat(20), 'TOO_MUCH_BEFORE_AUTHENTICATION'],
    ] as const)('%s holds while a frame arrives', async (_, limits, input, failure) => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard, { limits: { ...LIMITS, ...limits } });
      owner.feed(OPEN);
      await shard.next(STREAM_OPENED);
      owner.feed(failure === 'TOO_MUCH_BEFORE_AUTHENTICATION' ? `<a>${input}` : input, false);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure[failure]);
    });

    test('maxInputBytes: feed says to stop over half of it, READ_ON to go on, and more is a failure', async () => {
      const shard = await scene.shard(resting);
      const owner = Owner.attach(shard, { maxInputBytes: 1000 });
      owner.feed(OPEN);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      const frame = `<a>${'x'.repeat(293)}</a>`;
      expect([owner.feed(frame), owner.feed(frame), owner.feed(frame)]).toEqual([true, false, false]);
      shard.engine.proceed(slot, generation, proceed.STREAM);
      await shard.until(() => owner.heard(READ_ON).length > 0);
      await settle();
      expect(owner.heard(READ_ON).length).toBe(1);
      shard.engine.pause(slot, generation);
      for (let count = 0; count < 4; count++) owner.feed(frame);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.TOO_MUCH_UNREAD);
    });

    test('shape and pause hold frames back, and nothing is lost', async () => {
      const shard = await scene.shard(streaming);
      const owner = Owner.attach(shard);
      owner.feed(OPEN);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.shape(slot, generation, 1000);
      for (let count = 0; count < 1000; count++) owner.feed('<a/>');
      const elements = (): number => shard.told.filter((told) => told.kind === ELEMENT).length;
      await settle();
      expect(elements()).toBeLessThan(1000);
      await shard.until(() => elements() === 1000);
    });

    test('RFC 7395 section 3.3.3: what is sent stands alone, one element in a frame', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard);
      const { slot, generation } = await shard.next(CONNECTED);
      const sent = [
        "<message to='a'/>",
        '<iq>é</iq>',
        "<iq a='x>y xmlns='>e</iq>",
        "<r xmlns='urn:xmpp:sm:3'/>",
        '<stream:features><a xmlns="b"/></stream:features>',
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
        OPEN,
      ];
      for (const text of sent) shard.engine.send(slot, generation, text);
      await owner.receives(
        "<message xmlns='jabber:client' to='a'/>",
        "<iq xmlns='jabber:client'>é</iq>",
        "<iq a='x>y xmlns='>e</iq>".replace('<iq', "<iq xmlns='jabber:client'"),
        "<r xmlns='urn:xmpp:sm:3'/>",
        '<stream:features xmlns:stream=\'http://etherx.jabber.org/streams\'><a xmlns="b"/></stream:features>',
        "<stream:error xmlns:stream='http://etherx.jabber.org/streams'/>",
        OPEN,
      );
    });

    test('deliver: stamped, standing alone, whether the element declares its namespace or not', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b/c');
        if (told.kind === ELEMENT) engine.deliver(told.slot, told.generation, told.envelope);
        step(told, engine);
      });
      const owner = Owner.attach(shard);
      for (const frame of [OPEN, "<message id='1' from='x' to='y'><body/></message>", MESSAGE]) owner.feed(frame);
      await owner.receives(
        "<message xmlns='jabber:client' from='a@b/c' id='1' to='y'><body/></message>",
        "<message from='a@b/c' xmlns='jabber:client' to='b@localhost'><body>hi</body></message>",
      );
    });

    test('route: an element of another shard stands alone, too', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === CONNECTED) engine.route(0, "<message from='a@b'><body/></message>");
        if (told.kind === eventKind.ROUTED) engine.deliver(0, 1, told.envelope);
      });
      await Owner.attach(shard).receives("<message xmlns='jabber:client' from='a@b'><body/></message>");
    });

    test('close: RELEASED comes behind the last frame, and CLOSED here', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard);
      const { slot, generation } = await shard.next(CONNECTED);
      shard.engine.send(slot, generation, CLOSE);
      shard.engine.close(slot, generation);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      expect(owner.frames).toEqual([CLOSE]);
      expect(owner.heard(RELEASED).map((told) => told.detail)).toEqual([release.DONE]);
      const order = shard.told.map((told) => told.kind).filter((kind) => kind === eventKind.FRAME || kind === RELEASED);
      expect(order).toEqual([eventKind.FRAME, RELEASED]);
      owner.detach();
      owner.detach();
    });

    test('abort: RELEASED at once, what was queued is dropped', async () => {
      const shard = await scene.shard();
      const owner = Owner.attach(shard);
      const { slot, generation } = await shard.next(CONNECTED);
      shard.engine.send(slot, generation, MESSAGE);
      shard.engine.abort(slot, generation);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      expect(owner.heard(RELEASED).map((told) => told.detail)).toEqual([release.CUT]);
      expect(owner.frames).toEqual([]);
    });

    test.each([
      ['orderly', true, closeReason.PEER],
      ['broken', false, closeReason.RESET],
    ] as const)(
      'detach: a socket that is gone, %s, closes the connection, and nothing is told to its owner',
      async (_, isOrderly, reason) => {
        const shard = await scene.shard(streaming);
        const owner = Owner.attach(shard);
        owner.feed(OPEN);
        owner.feed(MESSAGE);
        await shard.next(ELEMENT);
        owner.detach(isOrderly);
        expect((await shard.next(CLOSED)).detail).toBe(reason);
        owner.feed(MESSAGE);
        await settle();
        expect(owner.heard(RELEASED)).toEqual([]);
        expect(shard.kinds().at(-1)).toBe(CLOSED);
        expect(shard.engine.counters().connections).toBe(0);
      },
    );

    test('detach: frames that were fed before an orderly end are read first', async () => {
      const shard = await scene.shard(streaming);
      const owner = Owner.attach(shard);
      for (const frame of [OPEN, MESSAGE, MESSAGE]) owner.feed(frame);
      owner.detach();
      await shard.next(CLOSED);
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, ELEMENT, ELEMENT, CLOSED]);
    });

    test('a carrier of the past is nobody', async () => {
      const shard = await scene.shard(streaming);
      const first = Owner.attach(shard);
      await shard.next(CONNECTED);
      first.detach();
      await shard.next(CLOSED);
      const second = Owner.attach(shard);
      await shard.next(CONNECTED);
      first.feed(OPEN);
      first.detach(false);
      second.feed(OPEN);
      await shard.next(STREAM_OPENED);
      expect(shard.engine.counters().connections).toBe(1);
    });

    test('what is large arrives whole, both ways', async () => {
      const body = 'x'.repeat(3_000_000);
      const limits = { ...LIMITS, maxStanzaBytes: 4_000_000 };
      const shard = await scene.shard((told, engine) => {
        if (told.kind === ELEMENT) engine.deliver(told.slot, told.generation, told.envelope);
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b');
        streaming(told, engine);
      });
      const owner = Owner.attach(shard, { limits, maxInputBytes: 10_000_000, maxOutputBytes: 10_000_000 });
      owner.feed(OPEN);
      owner.feed(`<message>${body}</message>`);
      owner.feed(`<message>${body}</message>`);
      await shard.until(() => owner.frames.length === 2);
      expect(owner.frames.every((frame) => frame.length === body.length + 19 + 22 + 11)).toBe(true);
    });
  });
}
