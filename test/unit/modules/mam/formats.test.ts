/** What stands in MongooseIM's tables of archives is read as MongooseIM reads it. */
import { deflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { SaxTokenizer } from '../../../../src/engine/portable/sax.js';
import { buildTree } from '../../../../src/engine/portable/tree.js';
import {
  ArchiveIds,
  externalId,
  firstIdAt,
  lastIdAt,
  parseExternalId,
  stampOf,
  timeOf,
} from '../../../../src/modules/mam/archive-id.js';
import { jidFormat, jidFormats } from '../../../../src/modules/mam/jid-format.js';
import { decodeMessage, encodeMessage, messageFormats } from '../../../../src/modules/mam/message-format.js';
import { bodyOf, originIdOf } from '../../../../src/modules/mam/message-text.js';
import { searchBody, searchWords } from '../../../../src/modules/mam/search-text.js';
import { Atom, encodeTerm, type Term, TermMap, Tuple } from '../../../../src/platform/erlang-term.js';
import { Element } from '../../../../src/protocol/element.js';
import { Jid } from '../../../../src/protocol/jid.js';
import { ns } from '../../../../src/protocol/namespaces.js';
import { Stanza } from '../../../../src/protocol/stanza.js';
import { FakeClock } from '../../../support/fake-clock.js';

const sax = await SaxTokenizer.create();
const parse = (xml: string) => buildTree(sax, Buffer.from(xml), new Map());
const jid = (text: string) => Jid.parse(text) as Jid;
const bytes = (text: string) => Buffer.from(text);

describe('messages', () => {
  const xml =
    `<message xmlns='jabber:client' from='bob@localhost/ö' to='alice@localhost' id='1' xml:lang='pl'>` +
    `<body>żółw &lt;&amp;&gt; 'x' "y"</body><x xmlns='urn:example:x'><y a='&apos;&quot;&lt;'/>tail<z/></x></message>`;

  test.each(messageFormats)('%s: comes back as it was', (format) => {
    const tree = parse(xml) as Element;
    const back = decodeMessage(encodeMessage(format, xml, () => tree)) as string;
    expect(parse(back)?.toXml(ns.CLIENT)).toBe(tree.toXml(ns.CLIENT));
  });

  /** As exml has them since its release 4 (`isNew`), and before. */
  function record(isNew: boolean): Term {
    const text = (content: string) =>
      new Tuple([new Atom('xmlcdata'), bytes(content), ...(isNew ? [new Atom('escaped')] : [])]);
    const attributes = (pairs: [string, string][]) =>
      isNew
        ? new TermMap(pairs.map(([name, value]) => [bytes(name), bytes(value)]))
        : pairs.map(([name, value]) => new Tuple([bytes(name), bytes(value)]));
    const element = (name: string, pairs: [string, string][], ...children: Term[]) =>
      new Tuple([new Atom('xmlel'), bytes(name), attributes(pairs), children]);
    const hint = element('db:x', [['xmlns:db', 'urn:example:db']]);
    return element(
      'message',
      [
        ['xmlns', 'jabber:client'],
        ['id', '1'],
      ],
      element('body', [], text('a & b')),
      hint,
    );
  }

  test.each([
    ['before release 4 of exml', false],
    ['since release 4 of exml', true],
  ])('records of elements %s are read, compressed or not', (_, isNew) => {
    const plain = encodeTerm(record(isNew));
    const zipped = Buffer.concat([Buffer.from([131, 80, 0, 0, 0, 0]), deflateSync(plain.subarray(1))]);
    zipped.writeUInt32BE(plain.length - 1, 2);
    for (const stored of [plain, zipped]) {
      const tree = parse(decodeMessage(stored) as string);
      expect(tree?.childText('body')).toBe('a & b');
      expect(tree?.children.some((child) => child instanceof Element && child.is('x', 'urn:example:db'))).toBe(true);
    }
  });

  test.each<[string, Term]>([
    ['a name with a blank', new Tuple([new Atom('xmlel'), bytes('a b'), [], []])],
    ['a name that closes its tag', new Tuple([new Atom('xmlel'), bytes('a><b'), [], []])],
    ['no record', new Tuple([new Atom('room'), bytes('a')])],
    ['an attribute without a value', new Tuple([new Atom('xmlel'), bytes('a'), [new Tuple([bytes('x')])], []])],
    ['a number as a child', new Tuple([new Atom('xmlel'), bytes('a'), [], [1]])],
    ['a text that is a list', new Tuple([new Atom('xmlcdata'), [104, 105]])],
  ])('%s is not read', (_, term) => expect(decodeMessage(encodeTerm(term))).toBeUndefined());

  it('is nothing when a compressed term expands without end', () => {
    const zipped = deflateSync(Buffer.alloc(20 * 1024 * 1024));
    const head = Buffer.from([131, 80, 0, 0, 0, 0]);
    head.writeUInt32BE(20 * 1024 * 1024, 2);
    expect(decodeMessage(Buffer.concat([head, zipped]))).toBeUndefined();
    head.writeUInt32BE(100, 2);
    expect(decodeMessage(Buffer.concat([head, zipped]))).toBeUndefined();
  });

  it('that somebody has tampered with are text or nothing, and never fail', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 5 }), fc.boolean(), (edits, isNew) => {
        const stored = Buffer.from(encodeTerm(record(isNew), true));
        for (const [at, byte] of edits) stored[at % stored.length] = byte;
        expect(['string', 'undefined']).toContain(typeof decodeMessage(stored));
      }),
    );
  });
});

describe('addresses', () => {
  const owner = jid('alice@wonderland.lit');

  test.each([
    ['alice@wonderland.lit', ''],
    ['alice@wonderland.lit/rabbithole', '/rabbithole'],
    ['cat@wonderland.lit', 'cat'],
    ['cat@wonderland.lit/tree', 'cat/tree'],
    ['wonderland.lit', ':'],
    ['wonderland.lit/x', ':/x'],
    ['cat@elsewhere.lit', 'elsewhere.lit:cat'],
    ['cat@elsewhere.lit/tree@1:2', 'elsewhere.lit@cat/tree@1:2'],
    ['elsewhere.lit', 'elsewhere.lit:'],
    ['elsewhere.lit/x', 'elsewhere.lit@/x'],
  ])('mam_jid_mini writes %s as "%s"', (address, text) => {
    const { encode, decode } = jidFormat('mam_jid_mini');
    expect(encode(owner, jid(address))).toBe(text);
    expect(decode(owner, text)?.toString()).toBe(address);
  });

  test.each(jidFormats)('%s: every address comes back', (name) => {
    const { encode, decode } = jidFormat(name);
    const local = fc.constantFrom('', 'alice', 'bob', 'żółw', 'a.b');
    const domain = fc.constantFrom('wonderland.lit', 'elsewhere.lit');
    const resource = fc.constantFrom('', 'x', 'a@b', 'a/b', 'a:b', '/', ':', 'emoji 🐢');
    fc.assert(
      fc.property(local, domain, resource, (...parts) => {
        const address = Jid.of(...parts) as Jid;
        expect(decode(owner, encode(owner, address))?.toString()).toBe(address.toString());
      }),
    );
  });

  it('that somebody has damaged are none, and never fail', () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 30 }), fc.constantFrom(...jidFormats), (text, name) => {
        const decoded = jidFormat(name).decode(owner, text);
        expect(decoded === undefined || decoded instanceof Jid).toBe(true);
      }),
    );
  });
});

describe('ids', () => {
  it('are written in base 32 with capital letters, and read back', () => {
    expect(externalId(firstIdAt(1_700_000_000_000_000))).toBe('C2H430F40000');
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (id) => {
        expect(parseExternalId(externalId(id))).toBe(id);
        expect(parseExternalId(externalId(id).toLowerCase())).toBe(id);
      }),
    );
  });

  test.each(['', '8000000000000', 'W', '-1', '1 ', 'é', '00000000000000', '0x1'])('"%s" is none', (text) => {
    expect(parseExternalId(text)).toBeUndefined();
  });

  it('hold the time to the microsecond', () => {
    const us = Date.UTC(2024, 1, 29, 12, 30, 15, 7) * 1_000 + 42;
    expect([stampOf(firstIdAt(us)), stampOf(lastIdAt(us))]).toEqual(Array(2).fill('2024-02-29T12:30:15.007042Z'));
    expect(timeOf(lastIdAt(us))).toBe(us);
  });

  it('grow, whatever the clock does, and go on behind the last one of an archive', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(3), fc.nat(5_000)), { minLength: 1, maxLength: 50 }), (moves) => {
        const start = 1_900_000_000_000;
        let now = start;
        const clock = Object.assign(new FakeClock(), { now: () => now });
        const ids = new ArchiveIds(clock, 3);
        let last = 0n;
        for (const [kind, ms] of moves) {
          now = kind === 0 ? start - ms : kind === 1 ? now : now + ms;
          const after = kind === 3 ? last + BigInt(ms) * 1_000_000n : last;
          const id = ids.next(after);
          expect(id > last && id > after && id % 256n === 3n).toBe(true);
          last = id;
        }
      }),
    );
  });
});

describe('what is read from the text of a stanza is what a parser finds', () => {
  const bodies = ['hi', '', 'a &lt; b &amp;&#x41;', '<![CDATA[<x>]]>', "it's"];
  const childTexts = fc.array(
    fc.oneof(
      fc.constantFrom(...bodies).map((text) => `<body>${text}</body>`),
      fc.constantFrom(
        `<body xml:lang='pl'>cześć</body>`,
        '<body/>',
        `<body a='>'>tricky</body>`,
        `<bodyguard xmlns='urn:example:x'>no</bodyguard>`,
        `<x xmlns='urn:example:x'><body>inner</body></x>`,
        `<p:x xmlns:p='urn:example:x'><p:body>inner</p:body></p:x>`,
        `<origin-id xmlns='urn:xmpp:sid:0' id='o1'/>`,
        `<origin-id id="o&amp;2" xmlns='urn:xmpp:sid:0'/>`,
        `<origin-id xmlns='urn:example:sid' id='wrong'/>`,
        `<origin-id xmlns='urn:xmpp:sid:0' other=' id="no"' id='o3'/>`,
        `<q:origin-id xmlns:q='urn:xmpp:sid:0' id='o4'/>`,
      ),
    ),
    { maxLength: 4 },
  );
  const tags = fc.constantFrom(`id='m1'`, `id="m&quot;1"`, '', ` data-id='x' id='m2'`, `other=' id="no"' id='m3'`);

  it('body and origin id', () => {
    fc.assert(
      fc.property(tags, childTexts, (attributes, children) => {
        const xml = `<message xmlns='jabber:client' to='a@b' ${attributes}>${children.join('')}</message>`;
        const tree = parse(xml) as Element;
        const stanza = Stanza.fromElement(tree, undefined, undefined);
        const origin = tree.child('origin-id', ns.STANZA_ID);
        expect(bodyOf(stanza, xml)).toBe(tree.childText('body') ?? '');
        expect(originIdOf(stanza, xml)).toBe(origin ? origin.attrs['id'] : tree.attrs['id']);
      }),
      { numRuns: 400 },
    );
  });
});

describe('text to be searched', () => {
  test.each([
    ['My cat, was eaten by: my dog?!?', 'my cat was eaten by my dog'],
    ['ŻÓŁW\u0301 -- 100%_x', 'żółw\u0301 100_x'],
    ['  ...  ', ''],
  ])('"%s" is "%s"', (body, text) => expect(searchBody(body)).toBe(text));

  it('is the same whether there are signs beyond ASCII in it or not', () => {
    const ascii = fc.string({ unit: fc.constantFrom(...'aZ_9 ,.:;?!-\'"%*\\\n\t\0~') });
    fc.assert(
      fc.property(ascii, (text) => {
        expect(searchBody(`${text} ż`)).toBe(`${searchBody(text)} ż`.trim());
      }),
    );
  });

  it('has few words, and nothing that means something in a pattern but the underscore', () => {
    expect(searchWords('one two '.repeat(50)).length).toBe(10);
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(searchBody(text)).not.toMatch(/[%\\'"*?]/);
      }),
    );
  });
});
