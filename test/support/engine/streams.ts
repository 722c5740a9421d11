/** Streams for differential tests: valid ones from a grammar of XMPP, and such as were spoilt on their way. */
import fc from 'fast-check';
import type { Limits } from '../../../src/engine/port.js';
import { HEADER } from './harness.js';

export interface StreamCase {
  readonly bytes: Buffer;
  /** Where the bytes are cut, ascending. */
  readonly cuts: readonly number[];
  readonly limits: Limits;
  /** Many elements at a time, instead of one. */
  readonly isStreaming: boolean;
  /** The stream begins anew behind the first `<response/>`, up to which each element is taken by itself. */
  readonly isLogin?: boolean;
}

const space = fc.constantFrom('', ' ', '\n', '\t', '\r\n', '  ');
const someSpace = fc.constantFrom(' ', ' ', '\n', '\t ', '\r\n');
const name = fc.constantFrom(
  'body',
  'x',
  'subject',
  'a',
  '_',
  'é',
  '名',
  'a.b-c·1',
  'query',
  'active',
  'message',
  '\u{10400}',
  'forwarded',
  // What every object of JavaScript knows.
  'constructor',
);
const prefix = fc.oneof(
  { weight: 40, arbitrary: fc.constant('') },
  { weight: 10, arbitrary: fc.constantFrom('stream:', 'a:', 'b:', 'é:') },
  { weight: 1, arbitrary: fc.constantFrom('xml:', 'h:', 'undeclared:') },
);
const namespace = fc.oneof(
  {
    weight: 20,
    arbitrary: fc.constantFrom(
      'jabber:client',
      'jabber:server',
      'http://etherx.jabber.org/streams',
      'http://jabber.org/protocol/chatstates',
      'urn:xmpp:receipts',
      'urn:xmpp:forward:0',
      'u:&amp;x',
      'u:&#x26;x',
      'jabber:&#99;lient',
      'u x',
      'u\tx',
    ),
  },
  { weight: 1, arbitrary: fc.constantFrom('', 'http://www.w3.org/XML/1998/namespace') },
);
const piece = fc.constantFrom(
  'x',
  'hello ',
  ' ',
  '\n',
  '\r\n',
  '\r',
  '\t',
  'é',
  '€',
  '\u{1f600}',
  '\u{10ffff}',
  '\u{fffd}',
  '&amp;',
  '&lt;',
  '&gt;',
  '&quot;',
  '&apos;',
  '&#65;',
  '&#x41;',
  '&#x1F600;',
  '&#9;',
  '&#xD;',
  ']',
  ']]',
  ']]&gt;',
  '{',
  '}',
  '--',
  '?',
  '!',
  '=',
  '/',
  'abc'.repeat(30),
);
const text = fc
  .array(fc.oneof(piece, fc.constantFrom('>', "'", '"')), { maxLength: 6 })
  .map((pieces) => pieces.join('').replaceAll(']]>', ']]'));
const cdata = fc
  .array(fc.oneof(piece, fc.constantFrom('<', '&', '<b>', '</x>', '<![CDATA[', "'", '>', ']]>')), { maxLength: 5 })
  .map((pieces) => `<![CDATA[${pieces.join('').replaceAll(']]>', '] ]>')}]]>`);

function attribute(key: fc.Arbitrary<string>, value: fc.Arbitrary<string>): fc.Arbitrary<string> {
  return fc
    .tuple(someSpace, key, space, space, fc.constantFrom("'", '"'), value)
    .map(([before, raw, left, right, quote, content]) => {
      const escaped = content.replaceAll(quote, quote === "'" ? '&apos;' : '&quot;').replaceAll('<', '');
      return `${before}${raw}${left}=${right}${quote}${escaped}${quote}`;
    });
}

const address = fc.constantFrom(
  'juliet@localhost',
  'romeo@localhost/orchard',
  'localhost',
  '',
  'ü@localhost',
  'a&amp;b@c',
  '&#x41;',
);
const declaration = attribute(
  fc.constantFrom('xmlns', 'xmlns:a', 'xmlns:b', 'xmlns:stream', 'xmlns:é', 'xmlns:h'),
  namespace,
);
const plainAttribute = attribute(
  fc.tuple(prefix, fc.constantFrom('id', 'node', 'p', 'lang', 'q', 'var', 'toString')).map((pair) => pair.join('')),
  text,
);
const stanzaAttribute = fc.oneof(
  attribute(fc.constantFrom('to', 'from'), address),
  attribute(fc.constant('id'), text),
  attribute(
    fc.constant('type'),
    fc.constantFrom('chat', 'get', 'set', 'result', 'error', 'unavailable', 'odd', '', 'probe', 'ch&#97;t'),
  ),
  attribute(fc.constant('xml:lang'), fc.constantFrom('de', '', 'zh-Hant')),
);

/** Attributes without equal names, most of the time. */
function attributes(...kinds: fc.Arbitrary<string>[]): fc.Arbitrary<string> {
  return fc
    .uniqueArray(fc.oneof(...kinds), { maxLength: 4, selector: (raw) => raw.trim().split(/[=\s]/)[0] })
    .map((all) => all.join(''));
}

const { element } = fc.letrec<{ element: string; content: string }>((tie) => ({
  element: fc
    .tuple(
      fc.tuple(prefix, name).map((pair) => pair.join('')),
      attributes(plainAttribute, declaration),
      tie('content'),
      space,
      fc.boolean(),
    )
    .map(([raw, attrs, content, end, isEmpty]) =>
      isEmpty ? `<${raw}${attrs}${end}/>` : `<${raw}${attrs}${end}>${content}</${raw}${end}>`,
    ),
  content: fc
    .array(fc.oneof({ maxDepth: 4, depthIdentifier: 'content' }, text, cdata, tie('element')), { maxLength: 4 })
    .map((parts) => parts.join('')),
}));

const topName = fc.constantFrom(
  'message',
  'presence',
  'iq',
  'message',
  'iq',
  'r',
  'stream:error',
  'stream:features',
  'a:message',
  'b:iq',
);
const stanza = fc
  .tuple(
    topName,
    attributes(stanzaAttribute, stanzaAttribute, stanzaAttribute, plainAttribute, declaration),
    fc.array(fc.oneof(element, text), { maxLength: 4 }),
    space,
  )
  .map(([raw, attrs, content, end]) =>
    content.length === 0 ? `<${raw}${attrs}${end}/>` : `<${raw}${attrs}>${content.join('')}</${raw}${end}>`,
  );

const PREFIXES = " xmlns:a='u:a' xmlns:b='urn:xmpp:receipts' xmlns:é='u:&#65;'";
const header = fc.oneof(
  { weight: 2, arbitrary: fc.constant(HEADER) },
  { weight: 6, arbitrary: fc.constant(HEADER.replace('>', `${PREFIXES}>`)) },
  { weight: 1, arbitrary: fc.constant(HEADER.replace('jabber:client', 'jabber:server').replace('>', `${PREFIXES}>`)) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(
        fc.constantFrom(
          '',
          ' ',
          "<?xml version='1.0'?>",
          '<?xml version="1.0" encoding=\'utf-8\' standalone="no" ?>\n',
          "<?xml version='1.0' encoding='latin1'?>",
          '\ufeff',
          '<?xml ?>',
        ),
        fc.constantFrom('stream:stream', 'stream:stream', 'stream', 's:stream', 'stream:x'),
        attributes(
          attribute(
            fc.constantFrom('xmlns', 'xmlns:h', 'xmlns:a', 'to', 'from', 'id', 'version', 'xml:lang'),
            fc.oneof(namespace, address),
          ),
          plainAttribute,
        ),
        fc.constantFrom('>', '>', '>', ' >', '/>'),
      )
      .map(([before, raw, attrs, end]) => {
        const bound = raw.split(':')[1] === undefined ? ' xmlns' : ` xmlns:${raw.split(':')[0]}`;
        return `${before}<${raw}${bound}='http://etherx.jabber.org/streams'${attrs}${end}`;
      }),
  },
);

const validStream = fc
  .tuple(
    header,
    fc.array(fc.tuple(stanza, fc.constantFrom('', '', ' ', '\n', '\r\n\t')), { maxLength: 6 }),
    fc.constantFrom('', '', '</stream:stream>', '</stream:stream >x', '</s:stream>'),
  )
  .map(([opening, stanzas, end]) => Buffer.from(opening + stanzas.map((pair) => pair.join('')).join('') + end));

const FORBIDDEN = [
  '<!-- x -->',
  '<?x y?>',
  '<?xml version="1.0"?>',
  '<!DOCTYPE a>',
  '<![CDATA[',
  ']]>',
  '\u0000',
  '\u0001',
  '\u001f',
  '\ufffe',
  '\uffff',
  '&nbsp;',
  '&',
  '&;',
  '&#0;',
  '&#xD800;',
  '&#x110000;',
  '&#99999999999999999999;',
  '&#;',
  '&#x;',
  '&#xg;',
  '&LT;',
  '&am',
  '<',
  '>',
  '/',
  "'",
  '"',
  '=',
  ':',
  '::',
  "xmlns:a=''",
  " xmlns:xmlns='u'",
  " xmlns:q='http://www.w3.org/2000/xmlns/'",
  " xml:lang='a' xml:lang='b'",
  "<a b='1' b='2'/>",
  "<x xmlns:a='u' xmlns:b='u' a:c='' b:c=''/>",
  '<u:v/>',
  '<:a/>',
  '<a:/>',
  '<a:b:c/>',
  '<1/>',
  '<a:1 xmlns:a="u"/>',
  '</a>',
  '</stream:stream>',
  '\ufeff',
  '<xmlns:a/>',
  "<a xmlns:xml='u'/>",
  "<a xmlns='http://www.w3.org/2000/xmlns/'/>",
].map((each) => Buffer.from(each));
const BROKEN_UTF8 = [
  '80',
  'bf',
  'c0',
  'c080',
  'c3',
  'e282',
  'e08080',
  'eda080',
  'f0808080',
  'f4908080',
  'f5',
  'ff',
  'fe',
  'f09f98',
].map((hex) => Buffer.from(hex, 'hex'));

export type Spoil = (bytes: Buffer) => Buffer;
export const place = fc.nat({ max: 100_000 });
export const spoil: fc.Arbitrary<Spoil> = fc.oneof(
  fc.tuple(place, fc.nat({ max: 255 })).map(
    ([at, byte]): Spoil =>
      (bytes) =>
        splice(bytes, at, 1, Buffer.of(byte)),
  ),
  fc.tuple(place, fc.nat({ max: 30 })).map(
    ([at, size]): Spoil =>
      (bytes) =>
        splice(bytes, at, size, Buffer.alloc(0)),
  ),
  fc.tuple(place, fc.nat({ max: 60 }), place).map(
    ([from, size, to]): Spoil =>
      (bytes) => {
        const start = from % (bytes.length + 1);
        return splice(bytes, to, 0, Buffer.from(bytes.subarray(start, start + size)));
      },
  ),
  fc.tuple(place, fc.constantFrom(...FORBIDDEN, ...BROKEN_UTF8)).map(
    ([at, what]): Spoil =>
      (bytes) =>
        splice(bytes, at, 0, what),
  ),
  // Right behind a tag, where more of it gets through to the grammar.
  fc.tuple(place, fc.constantFrom(...FORBIDDEN)).map(
    ([at, what]): Spoil =>
      (bytes) =>
        splice(bytes, bytes.indexOf('>', at % (bytes.length + 1)) + 1, 0, what),
  ),
);

const stream = fc.oneof(
  validStream,
  fc
    .tuple(validStream, fc.array(spoil, { minLength: 1, maxLength: 3 }))
    .map(([bytes, spoils]) => spoils.reduce<Buffer>((so, each) => each(so), bytes)),
);

const LOOSE: Limits = {
  maxStanzaBytes: 65_536,
  maxDepth: 64,
  maxAttributes: 32,
  maxTagBytes: 8192,
  maxChildren: 1000,
  maxBytesBeforeAuthentication: 0,
};
export const limits: fc.Arbitrary<Limits> = fc.oneof(
  { weight: 2, arbitrary: fc.constant(LOOSE) },
  {
    weight: 1,
    arbitrary: fc.record({
      maxStanzaBytes: fc.integer({ min: 120, max: 600 }),
      maxDepth: fc.integer({ min: 1, max: 5 }),
      maxAttributes: fc.integer({ min: 3, max: 6 }),
      maxTagBytes: fc.integer({ min: 110, max: 260 }),
      maxChildren: fc.integer({ min: 0, max: 6 }),
      maxBytesBeforeAuthentication: fc.oneof(fc.constant(0), fc.integer({ min: 90, max: 600 })),
    }),
  },
);

export const streamCase: fc.Arbitrary<StreamCase> = fc
  .record({
    bytes: stream,
    places: fc.array(place, { maxLength: 12 }),
    limits,
    isStreaming: fc.boolean(),
    isBytewise: fc.nat({ max: 7 }),
  })
  .map(({ bytes, places, isBytewise, ...rest }) => {
    const cuts = isBytewise === 0 ? [...bytes.keys()].slice(1) : places.map((each) => each % (bytes.length + 1));
    return { ...rest, bytes, cuts: [...new Set(cuts)].sort((one, other) => one - other) };
  });

/** The bytes in pieces. */
export function pieces({ bytes, cuts }: Pick<StreamCase, 'bytes' | 'cuts'>): Buffer[] {
  return [0, ...cuts].map((start, index) => bytes.subarray(start, cuts[index] ?? bytes.length));
}

export function splice(bytes: Buffer, at: number, size: number, by: Buffer): Buffer {
  const start = at % (bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(start + size)]);
}
