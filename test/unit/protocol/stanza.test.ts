/** Stanzas that are there as text: read when somebody asks, and added to without being read. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { SaxTokenizer } from '../../../src/engine/portable/sax.js';
import { buildTree } from '../../../src/engine/portable/tree.js';
import { el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { type ArenaOrigin, LATER, type Parse, Stanza } from '../../../src/protocol/stanza.js';
import { child } from '../../../src/protocol/stanza-children.js';
import { appendChild, declareNamespace, rawAttributeInText } from '../../../src/protocol/stanza-text.js';
import { unescapeXml } from '../../../src/protocol/xml-text.js';

const alice = Jid.parse('alice@localhost/phone') as Jid;
const bob = Jid.parse('bob@localhost') as Jid;
const sax = await SaxTokenizer.create();
const parse: Parse = (xml) => buildTree(sax, Buffer.from(xml), new Map([['', ns.CLIENT]]));

function attributeIn(xml: string, name: string): string | undefined {
  const raw = rawAttributeInText(xml, name);
  return raw === undefined ? undefined : unescapeXml(raw);
}

const space = fc.constantFrom(' ', '\n', '\t ');
const value = fc.constantFrom('', 'a>b', '/>', '</message>', "it's", '"', 'xmlns=', 'é').map((text) => {
  const escaped = text.replaceAll('<', '&lt;');
  return escaped.includes("'") ? `"${escaped}"` : `'${escaped}'`;
});
const attribute = fc.tuple(space, fc.constantFrom('', ' '), value);
const content = fc.constantFrom(
  '',
  'text',
  '<body>hi</body>',
  "<x xmlns='urn:x'/>",
  '<![CDATA[</message>]]>',
  '<y a="/>"/>',
);

/** A message as any client might write it. */
const written = fc
  .record({
    attributes: fc.array(attribute, { maxLength: 3 }),
    xmlns: fc.constantFrom('', " xmlns='jabber:client'", ' xmlns = "jabber:client"'),
    content: fc.array(content, { maxLength: 3 }),
    closed: fc.constantFrom('', ' '),
    isShort: fc.boolean(),
  })
  .map(({ attributes, xmlns, content, closed, isShort }) => {
    const start = `<message${attributes.map(([gap, around, text], n) => `${gap}a${n}${around}=${around}${text}`).join('')}${xmlns}`;
    return isShort ? `${start}${closed}/>` : `${start}>${content.join('')}</message${closed}>`;
  });

it('a child is added behind the others, whatever the text looks like', () => {
  fc.assert(
    fc.property(written, (xml) => {
      const expected = parse(xml);
      expected?.children.push(el('stanza-id', { xmlns: 'urn:xmpp:sid:0', id: '1' }));
      const changed = appendChild(xml, "<stanza-id xmlns='urn:xmpp:sid:0' id='1'/>");
      expect(parse(changed)?.toXml()).toBe(expected?.toXml());
    }),
  );
});

it('the namespace is declared once, on the element itself', () => {
  fc.assert(
    fc.property(written, (xml) => {
      const wrapped = parse(`<forwarded xmlns='urn:xmpp:forward:0'>${declareNamespace(xml, ns.CLIENT)}</forwarded>`);
      expect(wrapped?.elements()[0]?.toXml()).toBe(parse(xml)?.toXml());
    }),
  );
});

it('an attribute of the element itself is read from its start tag', () => {
  fc.assert(
    fc.property(written, (xml) => {
      const read = parse(xml);
      for (const name of ['a0', 'a1', 'a2', 'a', 'b']) expect(attributeIn(xml, name)).toBe(read?.attrs[name]);
    }),
  );
  expect(attributeIn("<message><body id='1'/></message>", 'id')).toBeUndefined();
  expect(attributeIn("<message from='&lt;&quot;' id=\"it's\"/>", 'id')).toBe("it's");
});

/** An arena with one message in it. */
class Arena implements ArenaOrigin {
  epoch = 0;
  trees = 0;
  readonly parse = parse;
  readonly #xml: string | undefined;

  constructor(xml: string | undefined) {
    this.#xml = xml;
  }

  tree() {
    this.trees++;
    return el('message', { xmlns: ns.CLIENT, id: '7' }, el('body', {}, 'hi'));
  }

  text() {
    return this.#xml;
  }
}

function arrived(arena: Arena): Stanza {
  const fields = { name: 'message', type: 'chat', to: bob, from: alice, id: LATER, lang: undefined } as const;
  return Stanza.fromArena(fields, arena, 0, 1 << child.BODY, 0);
}

const TEXT = `<message from='${alice}' to='${bob}' type='chat' id='7'><body>hi</body></message>`;

it('one from the arena is kept as it came, and read only when somebody asks', () => {
  const arena = new Arena(TEXT);
  const kept = arrived(arena).keep();
  arena.epoch++;
  expect(kept.isInArena).toBe(false);
  expect(kept.toXml()).toBe(TEXT);
  expect(arena.trees).toBe(0);
  expect(kept.id).toBe('7');
  expect(kept.tree().childText('body')).toBe('hi');
  expect(kept.toStandaloneXml()).toBe(TEXT.replace('<message ', "<message xmlns='jabber:client' "));
});

it.each([
  ["<message id='a7'><body id='8'/></message>", 'a7'],
  ['<message xmlns:id="x" type="chat" id = "a&gt;"/>', 'a>'],
  ["<message><body id='8'/></message>", undefined],
])('the id of %s is %s, kept or not', (xml, id) => {
  const fields = { name: 'message', type: '', to: bob, from: alice, id: LATER, lang: undefined } as const;
  expect(Stanza.fromText(fields, xml, parse).id).toBe(id);
  const kept = Stanza.fromText(fields, xml, parse).keep();
  kept.tree();
  expect(kept.id).toBe(id);
});

it('one that leans on its stream header is written anew', () => {
  const arena = new Arena(undefined);
  const kept = arrived(arena).keep();
  arena.epoch++;
  expect(kept.toXml()).toBe(`<message id='7' to='${bob}' from='${alice}'><body>hi</body></message>`);
});

it('one more child changes neither the addresses nor what is known of the others', () => {
  const arena = new Arena(TEXT);
  const more = arrived(arena).withChild(el('no-store', { xmlns: 'urn:xmpp:hints' }));
  expect(arena.trees).toBe(0);
  expect(more).toMatchObject({ name: 'message', type: 'chat', to: bob, from: alice, isInArena: false });
  expect(more.has(child.BODY)).toBe(true);
  expect(more.toXml()).toBe(TEXT.replace('</message>', "<no-store xmlns='urn:xmpp:hints'/></message>"));
  expect(more.tree().child('no-store', 'urn:xmpp:hints')).toBeDefined();
  const again = more.withChild(el('stanza-id', { xmlns: 'urn:xmpp:sid:0', id: '1' }));
  expect(again.tree().elements()).toHaveLength(3);
});

it('one of our own takes a child as well, and stays as it was', () => {
  const own = Stanza.fromElement(el('message', { xmlns: ns.CLIENT, type: 'chat' }), bob, alice);
  const more = own.withChild(el('body', { xmlns: ns.CLIENT }, 'hi'));
  expect(more.has(child.BODY)).toBe(true);
  expect(own.has(child.BODY)).toBe(false);
  expect(own.tree().elements()).toHaveLength(0);
});

it('one that is made of text is read as others are', () => {
  const fields = { name: 'message', type: '', to: bob, from: alice, id: undefined, lang: undefined } as const;
  const made = Stanza.fromText(fields, `<message from='${alice}' to='${bob}'><body>hi</body></message>`, parse);
  expect(made.has(child.BODY)).toBe(true);
  expect(made.tree().childText('body')).toBe('hi');
});

it.each([
  ['<presence/>', "<presence from='B' to='A'/>"],
  ['<presence to=\'x\' from="y"/>', "<presence from='B' to='A'/>"],
  [
    "<presence\n to = 'x'\tid='1'  from='y' type='a>b' ><to/></presence>",
    "<presence from='B' to='A'\tid='1' type='a>b' ><to/></presence>",
  ],
  [
    "<presence tos='1' xml:from='2' x:to='3' xmlns:x='u'>to='x'</presence>",
    "<presence from='B' to='A' tos='1' xml:from='2' x:to='3' xmlns:x='u'>to='x'</presence>",
  ],
])('under other addresses the text stays what it was but for them: %s', (before, after) => {
  const fields = {
    name: 'presence',
    type: '',
    to: undefined,
    from: undefined,
    id: undefined,
    lang: undefined,
  } as const;
  const other = Stanza.fromText(fields, before, parse).readdressed(alice, bob);
  expect(other.toXml()).toBe(after.replace('A', alice.toString()).replace('B', bob.toString()));
  expect(other.readdressed(bob, undefined).toXml()).toBe(
    after
      .replace(" to='A'", ` to='${bob}'`)
      .replace(" from='B'", '')
      .replace(/( to='[^']*')/, '$1'),
  );
});

it('an address is escaped where it becomes part of a text', () => {
  const odd = Jid.parse("carol@localhost/<'&>") as Jid;
  const xml = Stanza.fromElement(el('presence', { xmlns: ns.CLIENT }), undefined, undefined)
    .readdressed(odd, odd)
    .toXml();
  expect(parse(xml)?.attrs).toMatchObject({ to: odd.toString(), from: odd.toString() });
});

it('the answer to a request may be text, which is read only when somebody asks', () => {
  const request = Stanza.fromElement(el('iq', { xmlns: ns.CLIENT, type: 'get', id: "<'1'>" }), bob, alice);
  const answer = request.result({ xml: "<query xmlns='urn:x'><item/></query>", parse });
  expect(answer).toMatchObject({ name: 'iq', type: 'result', id: "<'1'>", to: alice, from: bob });
  expect(answer.tree().children.join('')).toBe("<query xmlns='urn:x'><item/></query>");
  expect(parse(answer.toXml())?.attrs).toMatchObject({ type: 'result', id: "<'1'>" });
});

it('one under other addresses is the same but for them, and leaves the original as it was', () => {
  const arena = new Arena(TEXT);
  const original = arrived(arena).keep();
  const other = original.readdressed(alice, bob);
  const nobody = original.readdressed(undefined, undefined);
  arena.epoch++;
  expect(other).toMatchObject({ name: 'message', to: alice, from: bob, isInArena: false });
  expect([other.has(child.BODY), other.has(child.HINT), other.id]).toEqual([true, false, original.id]);
  expect(other.keep().toXml()).toContain(`to='${alice}'`);
  expect(other.tree().attrs).toMatchObject({ to: alice.toString(), from: bob.toString() });
  expect(nobody.tree().attrs['to'] ?? nobody.tree().attrs['from']).toBeUndefined();
  expect(original.tree().attrs).toMatchObject({ to: bob.toString(), from: alice.toString() });
});
