/** XML text stays in proportion to what was read, however its namespaces were declared. */
import { expect, it } from 'vitest';
import { SaxTokenizer } from '../../../src/engine/portable/sax.js';
import { buildTree } from '../../../src/engine/portable/tree.js';
import type { Element } from '../../../src/protocol/element.js';

const sax = await SaxTokenizer.create();
const parse = (xml: string): Element => buildTree(sax, Buffer.from(xml), new Map([['', 'jabber:client']]));
/** Attributes by name and namespace, whatever their prefixes are. */
const shape = ({ name, ns, attrs, children }: Element): unknown => ({
  name,
  ns,
  attrs: Object.entries(attrs)
    .filter(([key]) => !key.startsWith('xmlns:'))
    .map(([key, value]) => {
      const [prefix = '', local] = key.split(':');
      return [local === undefined ? key : `{${attrs[`xmlns:${prefix}`] ?? prefix}}${local}`, value];
    }),
  children: children.map((child) => (typeof child === 'string' ? child : shape(child))),
});
const long = `urn:${'x'.repeat(1_000)}`;
const other = `urn:${'y'.repeat(1_000)}`;

it.each([
  ['elements', `<message xmlns:p='${long}'>${'<p:a/>'.repeat(500)}</message>`],
  ['attributes', `<message xmlns:p='${long}'>${"<a p:b='1'/>".repeat(500)}</message>`],
  [
    'nested changes',
    `<message xmlns:p='${long}' xmlns:q='${other}'>${'<p:a><q:b><c/>t</q:b></p:a>'.repeat(300)}</message>`,
  ],
  [
    'one prefix for two namespaces',
    `<message>${[long, other].map((ns) => `<x xmlns:p='${ns}'>${"<p:a p:b='&lt;'/>".repeat(200)}</x>`).join('')}</message>`,
  ],
  [
    'a name that we would take ourselves',
    `<message xmlns:n0='${long}' xmlns:n1='${other}'>${"<n1:a n0:b='1'/>".repeat(300)}</message>`,
  ],
  ['xml:lang beside them', `<message xmlns:p='${long}' xml:lang='el'>${"<p:a xml:lang='en'/>".repeat(300)}</message>`],
])('%s', (_, xml) => {
  const tree = parse(xml);
  for (const [text, inherited] of [
    [tree.toXml('jabber:client'), true],
    [tree.toXml(), false],
  ] as const) {
    expect(text.length).toBeLessThan(1.5 * xml.length);
    expect(shape(inherited ? parse(text) : buildTree(sax, Buffer.from(text), new Map()))).toEqual(shape(tree));
  }
});

it('ordinary stanzas have no prefixes', () => {
  const xml = "<message to='a@b'><body>hi</body><x xmlns='urn:x'><y/></x><z xmlns='urn:x'/></message>";
  expect(parse(xml).toXml('jabber:client')).toBe(xml);
});
