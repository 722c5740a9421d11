/** Presence that is kept as text: whoever asks gets the very stanza again. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SaxTokenizer } from '../../../src/engine/portable/sax.js';
import { buildTree } from '../../../src/engine/portable/tree.js';
import { Element, el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { RestingStanza } from '../../../src/protocol/resting-stanza.js';
import { LATER, type Parse, Stanza } from '../../../src/protocol/stanza.js';
import { child } from '../../../src/protocol/stanza-children.js';

const CLIENT = 'jabber:client';
const alice = Jid.parse('alice@localhost/phone') as Jid;
const sax = await SaxTokenizer.create();
const parse: Parse = (xml) => buildTree(sax, Buffer.from(xml), new Map());

const name = fc.constantFrom('show', 'status', 'c', 'x');
const text = fc.string({ unit: fc.constantFrom('a', ' ', '&', '<', "'", '"', 'é', '😀', ']') });
const attrs = fc.dictionary(fc.constantFrom('id', 'xml:lang', 'node', 'ver'), text);
const { tree: content } = fc.letrec<{ tree: Element }>((tie) => ({
  tree: fc
    .tuple(
      name,
      fc.constantFrom(CLIENT, 'urn:one', 'urn:two'),
      attrs,
      fc.array(fc.oneof({ maxDepth: 3 }, text, tie('tree')), { maxLength: 3 }),
    )
    .map(
      ([tag, ns, own, children]) =>
        new Element(
          tag,
          ns,
          own,
          children.filter((each) => each !== ''),
        ),
    ),
}));

function presence(attributes: Record<string, string>, children: readonly Element[]): Stanza {
  return Stanza.fromElement(new Element('presence', CLIENT, { ...attributes }, [...children]), undefined, alice);
}

function facts(stanza: Stanza): unknown {
  const { name, type, to, from, id, lang, malformed, isInArena } = stanza;
  return { name, type, to, from: from?.toString(), id, lang, malformed, isInArena, xml: canonical(stanza) };
}

/** The order of attributes means nothing. */
function canonical(stanza: Stanza): string {
  const { name, ns, attrs, children } = stanza.tree();
  return new Element(name, ns, Object.fromEntries(Object.entries(attrs).sort()), children).toXml(CLIENT);
}

it('comes back as it was, whatever it holds', () => {
  fc.assert(
    fc.property(attrs, fc.array(content, { maxLength: 3 }), (attributes, children) => {
      const before = presence(attributes, children);
      const resting = RestingStanza.of(before, parse);
      const after = resting instanceof Stanza ? resting : resting.stanza();
      expect(facts(after)).toEqual(facts(before));
      // Two texts in a row, or a line end that XML would change, do not survive; nobody sends them.
      if (children.every((each) => parse(each.toXml())?.toXml() === each.toXml()))
        expect(resting).toBeInstanceOf(RestingStanza);
    }),
  );
});

it('of what a client has written keeps the very text, and reads nothing', () => {
  const xml = `<presence from='${alice}' xml:lang="fr"\n id = 'a&amp;b'><x  xmlns = 'urn:x'/>é</presence>`;
  const fields = { name: 'presence', type: '', to: undefined, from: alice, id: LATER, lang: 'fr' } as const;
  const reads: string[] = [];
  const counted: Parse = (text) => {
    reads.push(text);
    return parse(text);
  };
  const resting = RestingStanza.of(Stanza.fromText(fields, xml, parse), counted) as RestingStanza;
  const again = resting.stanza();
  expect(again.toXml()).toBe(
    `<presence from='${alice}' xml:lang="fr"\n id = 'a&amp;b'><x  xmlns = 'urn:x'/>é</presence>`,
  );
  expect([again.lang, again.type, reads]).toEqual(['fr', '', []]);
  expect(again.id).toBe('a&b');
});

it('gives a stanza of its own to each who asks', () => {
  const resting = RestingStanza.of(presence({}, [el('show', { xmlns: CLIENT }, 'away')]), parse) as RestingStanza;
  resting.stanza().tree().attrs['type'] = 'unavailable';
  expect(resting.stanza().toXml()).toBe(`<presence from='${alice}'><show>away</show></presence>`);
});

it('stays as it is where its text would be read as something else, and where it is addressed', () => {
  const plain = presence({}, []);
  expect(RestingStanza.of(plain, () => undefined)).toBe(plain);
  expect(RestingStanza.of(plain, () => new Element('presence', CLIENT, { id: 'other' }))).toBe(plain);
  const addressed = plain.readdressed(alice.bare, alice);
  expect(RestingStanza.of(addressed, parse)).toBe(addressed);
});

it('still is a presence of its sender when the engine has stopped', () => {
  let isStopped = false;
  const resting = RestingStanza.of(presence({ id: '1' }, []), (xml) => (isStopped ? undefined : parse(xml)));
  isStopped = true;
  expect((resting as RestingStanza).stanza().toXml()).toBe(`<presence from='${alice}' id='1'/>`);
  expect((resting as RestingStanza).stanza().tree().toXml(CLIENT)).toBe(`<presence from='${alice}'/>`);
  expect((resting as RestingStanza).stanza().has(child.BODY)).toBe(false);
});
