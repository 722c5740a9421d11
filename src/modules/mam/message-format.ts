/** How stanzas stand in the tables of archives, in MongooseIM's formats (`db_message_format`). */
import { Atom, decodeTerm, encodeTerm, type Term, TermError, TermMap, Tuple } from '../../platform/erlang-term.js';
import { type Element, escapeXml } from '../../protocol/element.js';

export const messageFormats = ['mam_message_xml', 'mam_message_eterm', 'mam_message_compressed_eterm'] as const;
export type MessageFormatName = (typeof messageFormats)[number];

const TERM_VERSION = 131;
/** The names of elements and attributes as far as it takes to put them into a tag; whether they are good is for the parser to say. */
const NAME = /^[^\s<>&'"=/]+$/;

/** The stanza in the chosen format; text for XML. */
export function encodeMessage(format: MessageFormatName, xml: string, tree: () => Element): string | Uint8Array {
  if (format === 'mam_message_xml') return xml;
  return encodeTerm(termOf(tree(), ''), format === 'mam_message_compressed_eterm');
}

/** XML text, whatever the format; it may still be ill-formed. `undefined` for bytes that are no stanza in any of them. */
export function decodeMessage(stored: string | Uint8Array): string | undefined {
  if (typeof stored === 'string') return stored;
  if (stored[0] !== TERM_VERSION) return Buffer.from(stored.buffer, stored.byteOffset, stored.length).toString('utf8');
  try {
    return xmlOf(decodeTerm(stored));
  } catch (error) {
    if (error instanceof TermError) return undefined;
    throw error;
  }
}

/** The records of exml before its release 4, which later ones still read. */
function termOf(element: Element, inherited: string): Term {
  const attributes = Object.entries(element.attrs);
  if (element.ns !== inherited && element.ns !== '') attributes.push(['xmlns', element.ns]);
  const children = element.children.map((child) =>
    typeof child === 'string'
      ? new Tuple([new Atom('xmlcdata'), bytesOf(child)])
      : termOf(child, element.ns === '' ? inherited : element.ns),
  );
  const pairs = attributes.map(([name, value]) => new Tuple([bytesOf(name), bytesOf(value)]));
  return new Tuple([new Atom('xmlel'), bytesOf(element.name), pairs, children]);
}

/** Records of exml as text, for the parser: prefixes and namespaces are attributes there like any other. */
function xmlOf(term: Term): string {
  if (!(term instanceof Tuple)) throw new TermError('no record of an element');
  const [kind, first, second, third] = term.elements;
  if (!(kind instanceof Atom)) throw new TermError('no record of an element');
  if (kind.name === 'xmlcdata') return escapeXml(textOf(first));
  if (kind.name !== 'xmlel') throw new TermError(`a record ${kind.name} where an element is expected`);
  const name = nameOf(first);
  let tag = name;
  for (const [key, value] of attributesOf(second)) tag += ` ${nameOf(key)}='${escapeXml(textOf(value))}'`;
  if (!Array.isArray(third)) throw new TermError('an element without a list of children');
  return third.length === 0 ? `<${tag}/>` : `<${tag}>${third.map(xmlOf).join('')}</${name}>`;
}

/** A map since exml 4, before that a list of pairs. */
function attributesOf(term: Term | undefined): readonly (readonly [Term | undefined, Term | undefined])[] {
  if (term instanceof TermMap) return term.pairs;
  if (!Array.isArray(term)) throw new TermError('an element without attributes');
  return term.map((pair: Term) => {
    if (!(pair instanceof Tuple)) throw new TermError('an attribute that is no pair');
    return [pair.elements[0], pair.elements[1]] as const;
  });
}

function nameOf(term: Term | undefined): string {
  const name = textOf(term);
  if (!NAME.test(name)) throw new TermError('a name that is none');
  return name;
}

function textOf(term: Term | undefined): string {
  if (!(term instanceof Uint8Array)) throw new TermError('text that is no binary');
  return Buffer.from(term.buffer, term.byteOffset, term.length).toString('utf8');
}

function bytesOf(text: string): Uint8Array {
  return Buffer.from(text);
}
