/** Contract of engines: streams cut into events, lockstep, limits, envelopes, flow of input. */
import { describe, expect, test } from 'vitest';
import {
  envelopeFlag,
  eventKind,
  stanzaKind,
  stanzaTypes,
  streamFailure,
  UNKNOWN_TYPE,
  word,
} from '../../../src/engine/envelope.js';
import { type ListenOptions, proceed } from '../../../src/engine/port.js';
import { child } from '../../../src/protocol/stanza-children.js';
import {
  type CreateEngine,
  HEADER,
  LIMITS,
  type Reaction,
  resting,
  type Shard,
  step,
  streaming,
  type Told,
} from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, STREAM_CLOSED, STREAM_FAILED } = eventKind;

export function inputContract(create: CreateEngine): void {
  describe('input', () => {
    const scene = new Scene(create);

    /** A shard that gets this input. */
    async function hears(
      input: string | Uint8Array,
      react: Reaction = step,
      options: Partial<ListenOptions> = {},
    ): Promise<Shard> {
      const shard = await scene.shard(react);
      const client = await scene.client(await shard.listen(options));
      client.send(input);
      return shard;
    }

    test('lockstep: input rests after the header and after each element until proceed', async () => {
      const shard = await hears(`<?xml version='1.0'?>${HEADER}<a/><b/>`, resting);
      const { slot, generation, text } = await shard.next(STREAM_OPENED);
      expect(text).toBe(HEADER);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED]);
      shard.engine.proceed(slot, generation, proceed.STEP);
      expect((await shard.next(ELEMENT)).text).toBe('<a/>');
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, ELEMENT]);
      shard.engine.proceed(slot, generation, proceed.STEP);
      expect((await shard.next(ELEMENT)).text).toBe('<b/>');
    });

    test('RFC 6120 section 4.3.3: after RESTART a new header is read, also one that was pipelined', async () => {
      const shard = await hears(`${HEADER}<auth/><?xml version='1.0'?>${HEADER}<iq/>`, (told, engine) => {
        const how = told.text === '<auth/>' ? proceed.RESTART : proceed.STEP;
        if (told.kind === STREAM_OPENED || told.kind === ELEMENT) engine.proceed(told.slot, told.generation, how);
      });
      await shard.next(STREAM_OPENED);
      await shard.next(ELEMENT);
      await shard.next(STREAM_OPENED);
      expect((await shard.next(ELEMENT)).text).toBe('<iq/>');
    });

    test('STREAM: many elements arrive in one batch, white space between them unseen', async () => {
      const shard = await hears(HEADER + '<message/> \n'.repeat(50), streaming);
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === 50);
      const elements = shard.told.filter((told) => told.kind === ELEMENT);
      expect(elements.every((told) => told.text === '<message/>')).toBe(true);
      expect(new Set(elements.map((told) => told.batch)).size).toBe(1);
    });

    test('more than an array holds arrives within one turn, nothing lost, in order', async () => {
      const count = 9000;
      const all = Array.from({ length: count }, (_, index) => `<a id='${index}'/>`).join('');
      const shard = await hears(HEADER + all, streaming);
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === count);
      const elements = shard.told.filter((told) => told.kind === ELEMENT);
      expect(elements.map((told) => told.text).join('')).toBe(all);
    });

    test('an element larger than the arena arrives whole', async () => {
      const large = `<message><body>${'x'.repeat(3_000_000)}</body></message>`;
      const limits = { ...LIMITS, maxStanzaBytes: 4_000_000 };
      const shard = await hears(`${HEADER}${large}<a/>`, step, { limits });
      expect((await shard.next(ELEMENT)).text === large).toBe(true);
      expect((await shard.next(ELEMENT)).text).toBe('<a/>');
    });

    test('bytes may be cut anywhere', async () => {
      const shard = await scene.shard();
      const client = await scene.client(await shard.listen());
      const element = "<message to='ü@localhost'><body>€ 😀 &amp; <![CDATA[<]]></body></message>";
      for (const byte of Buffer.from(HEADER + element)) {
        client.send(Uint8Array.of(byte));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await shard.next(ELEMENT)).text).toBe(element);
    });

    test('STREAM_CLOSED: told once, and what comes behind it is not read', async () => {
      const shard = await hears(`${HEADER}</stream:stream><message/>`);
      await shard.next(STREAM_CLOSED);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, STREAM_CLOSED]);
    });

    test('STREAM_FAILED: the failure is told, and no further input is read', async () => {
      const shard = await hears(`${HEADER}<a></b><message/>`);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.NOT_WELL_FORMED);
      await settle();
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, STREAM_FAILED]);
    });

    test.each([
      ['RFC 6120 section 11.1: comments', `${HEADER}<!-- x -->`, 'RESTRICTED_XML'],
      ['RFC 6120 section 11.1: processing instructions', `${HEADER}<?php ?>`, 'RESTRICTED_XML'],
      ['RFC 6120 section 11.1: document types', '<!DOCTYPE stream>', 'RESTRICTED_XML'],
      ['RFC 6120 section 11.1: other entities', `${HEADER}<a>&nbsp;</a>`, 'RESTRICTED_XML'],
      ['RFC 6120 section 11.6: other encodings', "<?xml version='1.0' encoding='latin1'?>", 'UNSUPPORTED_ENCODING'],
      ['RFC 6120 section 4.9.3.10: another root', '<stream xmlns="jabber:client">', 'INVALID_NAMESPACE'],
      ['Namespaces in XML section 5: undeclared prefixes', `${HEADER}<x:a/>`, 'BAD_NAMESPACE_PREFIX'],
      ['XML section 2.2: control characters', `${HEADER}<a>\u0001</a>`, 'BAD_CHARACTER'],
      ['XML section 4.1: references to no character', `${HEADER}<a>&#0;</a>`, 'BAD_CHARACTER'],
      ['XML section 3.1: duplicate attributes', `${HEADER}<a b='' b=''/>`, 'NOT_WELL_FORMED'],
      ['XML section 3.1: a `<` in a value', `${HEADER}<a b='<'/>`, 'NOT_WELL_FORMED'],
    ] as const)('%s are refused', async (_, input, failure) => {
      const shard = await hears(input);
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure[failure]);
    });

    test('RFC 3629: bytes that are not UTF-8 are refused', async () => {
      const shard = await hears(Buffer.from(`${HEADER}<a>\xc0\x80</a>`, 'latin1'));
      expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure.BAD_CHARACTER);
    });

    test.each([
      ['maxStanzaBytes', { maxStanzaBytes: 200 }, `<a>${'x'.repeat(198)}`, 'STANZA_TOO_LARGE'],
      ['maxDepth', { maxDepth: 2 }, '<a><b><c>', 'TOO_DEEP'],
      ['maxAttributes', { maxAttributes: 4 }, "<a b='' c='' d='' e='' f=''>", 'TOO_MANY_ATTRIBUTES'],
      ['maxTagBytes', { maxTagBytes: 150 }, `<a b='${'x'.repeat(146)}`, 'TAG_TOO_LARGE'],
      ['maxChildren', { maxChildren: 3 }, '<a><b/><b><b/></b><b/>', 'TOO_MANY_CHILDREN'],
      [
        'maxBytesBeforeAuthentication',
        { maxBytesBeforeAuthentication: 150 },
        ' '.repeat(100),
        'TOO_MUCH_BEFORE_AUTHENTICATION',
      ],
    ] as const)(
      '%s: holds while bytes arrive, without waiting for a complete element',
      async (_, limit, input, failure) => {
        const shard = await hears(HEADER + input, step, { limits: { ...LIMITS, ...limit } });
        expect((await shard.next(STREAM_FAILED)).detail).toBe(streamFailure[failure]);
        expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, STREAM_FAILED]);
      },
    );

    test('what is exactly at the limits passes', async () => {
      const limits = { ...LIMITS, maxStanzaBytes: HEADER.length, maxDepth: 2, maxAttributes: 4, maxChildren: 2 };
      const input = "<a b='' c='' d='' e=''><b/><c/></a>";
      const padded = input.replace("b=''", `b='${'x'.repeat(HEADER.length - input.length)}'`);
      const shard = await hears(HEADER + padded, step, { limits: { ...limits, maxTagBytes: HEADER.length } });
      expect((await shard.next(ELEMENT)).text).toBe(padded);
    });

    test('authenticated: lifts the limit on bytes', async () => {
      const limits = { ...LIMITS, maxBytesBeforeAuthentication: 150 };
      const shard = await scene.shard(step);
      const client = await scene.client(await shard.listen({ limits }));
      client.send(HEADER);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.authenticated(slot, generation);
      client.send('<a/>'.repeat(100));
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === 100);
    });

    test('words: spans of to, from, id and lang, the kind, the type, the head and the cut', async () => {
      const xml = "<message to='a@b/c'\n from = \"x@y\" id='1' type='chat' xml:lang='de'><body>hi</body></message>";
      const shard = await hears(HEADER + xml);
      const told = await shard.next(ELEMENT);
      expect(spanText(told, word.TO)).toBe('a@b/c');
      expect(spanText(told, word.FROM)).toBe('x@y');
      expect(spanText(told, word.ID)).toBe('1');
      expect(spanText(told, word.LANG)).toBe('de');
      expect(spanText(told, word.FROM_CUT)).toBe('\n from = "x@y"');
      const stanza = told.words[word.STANZA] as number;
      expect(stanza & 0xff).toBe(stanzaKind.MESSAGE);
      expect((stanza >>> 8) & 0xff).toBe(stanzaTypes.indexOf('chat'));
      expect(stanza >>> 16).toBe(1);
      expect((told.words[word.HEAD] as number) & 0xffff).toBe('<message'.length);
      expect((told.words[word.HEAD] as number) >>> 16).toBe(xml.indexOf('<body>'));
      expect(told.flags).toBe(0);
    });

    test('words: an empty attribute is there, an absent one is 0, an unknown type has its own number', async () => {
      const shard = await hears(`${HEADER}<iq to='' type='odd'/>`);
      const told = await shard.next(ELEMENT);
      expect(told.words[word.TO]).toBe("<iq to='".length << 16);
      expect(told.words[word.FROM]).toBe(0);
      expect(((told.words[word.STANZA] as number) >>> 8) & 0xff).toBe(UNKNOWN_TYPE);
    });

    test('words: a type written with references is known (XML 1.0 section 4.4.5), one with white space in it is not', async () => {
      const shard = await hears(`${HEADER}<iq type='&#x67;et'/><message type='\tchat'/>`);
      const types = [];
      for (let count = 0; count < 2; count++) {
        const told = await shard.next(ELEMENT);
        types.push(((told.words[word.STANZA] as number) >>> 8) & 0xff);
      }
      expect(types).toEqual([stanzaTypes.indexOf('get'), UNKNOWN_TYPE]);
    });

    test('flags: white space other than spaces in an address marks it as one to be read (XML 1.0 section 3.3.3)', async () => {
      const shard = await hears(`${HEADER}<iq id='a\tb'/><iq to='a\r\nb'/><iq id='a b'/><iq x='\t'/>`);
      const flags = [];
      for (let count = 0; count < 4; count++) flags.push((await shard.next(ELEMENT)).flags);
      expect(flags).toEqual([envelopeFlag.ESCAPED, envelopeFlag.ESCAPED, 0, 0]);
    });

    test('flags: references, bytes beyond ASCII, and what leans on the stream header', async () => {
      const shard = await hears(
        `${HEADER}<iq to='a&amp;b'/><iq id='ü'/><iq><stream:x/></iq><stream:x/><iq><a xmlns:stream='u'><stream:b/></a></iq>`,
      );
      const flags = [];
      for (let count = 0; count < 5; count++) flags.push((await shard.next(ELEMENT)).flags);
      const { ESCAPED, NON_ASCII, FOREIGN_SCOPE } = envelopeFlag;
      expect(flags).toEqual([ESCAPED, NON_ASCII, FOREIGN_SCOPE, FOREIGN_SCOPE, 0]);
    });

    test('words: direct children set their bits, deeper ones and other namespaces do not', async () => {
      const shard = await hears(
        `${HEADER}<message><body/><x xmlns='http://jabber.org/protocol/muc#user'><subject xmlns='jabber:client'/></x><thread xmlns='u'/></message>`,
      );
      const told = await shard.next(ELEMENT);
      expect(told.words[word.CHILDREN_LOW]).toBe((1 << child.BODY) | (1 << child.MUC_USER));
      expect(told.words[word.CHILDREN_HIGH]).toBe(0);
    });

    test('pause: nothing is read until resume, whatever the mode', async () => {
      const shard = await scene.shard(streaming);
      const client = await scene.client(await shard.listen());
      client.send(HEADER);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.pause(slot, generation);
      shard.engine.pause(slot, generation);
      client.send('<a/>');
      await settle();
      expect(shard.kinds()).not.toContain(ELEMENT);
      shard.engine.resume(slot, generation);
      await shard.next(ELEMENT);
    });

    test('shape: a second is as many bytes, a burst no more, and nothing is lost', async () => {
      const shard = await scene.shard(streaming);
      const client = await scene.client(await shard.listen());
      client.send(HEADER);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.shape(slot, generation, 2000);
      const started = performance.now();
      client.send('<a/>'.repeat(1500));
      const elements = (): number => shard.told.filter((told) => told.kind === ELEMENT).length;
      await shard.until(() => elements() >= 500);
      expect(elements()).toBeLessThan(1000);
      await shard.until(() => elements() === 1500);
      // 6000 bytes: 2000 at once, 4000 in two seconds.
      expect(performance.now() - started).toBeGreaterThan(1500);
    });

    test('shape: 0 lifts the limit', async () => {
      const shard = await scene.shard(streaming);
      const client = await scene.client(await shard.listen());
      client.send(HEADER);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.shape(slot, generation, 10);
      client.send('<a/>'.repeat(1000));
      await shard.next(ELEMENT);
      shard.engine.shape(slot, generation, 0);
      await shard.until(() => shard.told.filter((told) => told.kind === ELEMENT).length === 1000);
    });
  });
}

function spanText(told: Told, field: number): string {
  const span = told.words[field] as number;
  return told.bytes.subarray(span >>> 16, (span >>> 16) + (span & 0xffff)).toString();
}

/** Long enough for anything that was about to happen. */
function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}
