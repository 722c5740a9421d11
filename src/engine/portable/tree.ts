/** Builds the tree of one well-formed element from sax-wasm's tags and the bytes between them. */
import { Element, setAttribute, unescapeXml } from '../../protocol/element.js';
import { attributeValue } from '../attribute-value.js';
import type { SaxTokenizer, SaxTokens, Tag } from './sax.js';
import { Scope } from './scope.js';
import { type QName, splitName } from './tag.js';

const LESS_THAN = 0x3c;
const EMPTY_END = Buffer.from('/>');

/** Prefixes that hold around the element, the default namespace under the empty one. */
export type OuterScope = ReadonlyMap<string, string>;

/** A stream header's tag, whose attribute `xmlns` is the default namespace that it declares. */
export function buildHeader(sax: SaxTokenizer, tag: Buffer, header: OuterScope): Element {
  // sax-wasm tells of a tag once it is closed.
  const element = buildTree(sax, Buffer.concat([tag.subarray(0, -1), EMPTY_END]), header);
  const contentNs = header.get('');
  if (contentNs !== undefined) element.attrs['xmlns'] = contentNs;
  return element;
}

export function buildTree(sax: SaxTokenizer, xml: Buffer, outer: OuterScope): Element {
  const text = withPlainLineEnds(xml);
  const builder = new TreeBuilder(text, outer);
  sax.run(text, builder);
  return builder.root();
}

class TreeBuilder implements SaxTokens {
  readonly #xml: Buffer;
  readonly #scope: Scope;
  readonly #open: Element[] = [];
  #root: Element | undefined;
  /** End of the last tag. */
  #at = 0;

  constructor(xml: Buffer, outer: OuterScope) {
    this.#xml = xml;
    this.#scope = new Scope(outer);
  }

  root(): Element {
    if (!this.#root || this.#open.length > 0) throw new Error('sax-wasm lost a tag of a well-formed element');
    return this.#root;
  }

  open(tag: Tag, end: number): void {
    const parent = this.#open.at(-1);
    if (parent) this.#text(parent, end);
    const element = this.#element(tag, this.#open.length + 1);
    if (parent) parent.children.push(element);
    else this.#root = element;
    if (tag.selfClosing) this.#scope.leave(this.#open.length + 1);
    else this.#open.push(element);
    this.#at = end;
  }

  close(end: number): void {
    const element = this.#open.at(-1);
    if (!element) return;
    this.#text(element, end);
    this.#scope.leave(this.#open.length);
    this.#open.pop();
    this.#at = end;
  }

  #element(tag: Tag, depth: number): Element {
    const attributes = tag.attributes.map(({ name, value }) => ({
      name: name.value,
      value: attributeValue(value.value),
    }));
    for (const { name, value } of attributes) {
      if (name === 'xmlns') this.#scope.bind('', value, depth);
      else if (name.startsWith('xmlns:')) this.#scope.bind(name.slice(6), value, depth);
    }
    const { prefix, local } = splitName(tag.name) as QName;
    const element = new Element(local, this.#scope.resolve(prefix) ?? '');
    for (const { name, value } of attributes) {
      if (name === 'xmlns' || name.startsWith('xmlns:')) continue;
      this.#keepPrefix(element, name);
      setAttribute(element.attrs, name, value);
    }
    return element;
  }

  /** The prefix of an attribute stays, so its declaration has to stay too; `xml` needs none. */
  #keepPrefix(element: Element, name: string): void {
    const colon = name.indexOf(':');
    const prefix = name.slice(0, Math.max(colon, 0));
    if (prefix !== '' && prefix !== 'xml') element.attrs[`xmlns:${prefix}`] = this.#scope.resolve(prefix) ?? '';
  }

  /** The character data between the last tag and the one that ends at `end`, in which no other `<` can stand. */
  #text(parent: Element, end: number): void {
    const start = this.#xml.lastIndexOf(LESS_THAN, end - 1);
    const text = start > this.#at ? characterData(this.#xml.utf8Slice(this.#at, start)) : '';
    if (text !== '') parent.children.push(text);
  }
}

const CDATA = /<!\[CDATA\[([\s\S]*?)\]\]>/g;

/** Text without references and CDATA brackets. */
function characterData(text: string): string {
  if (!text.includes('<')) return unescapeXml(text);
  let data = '';
  let at = 0;
  for (const section of text.matchAll(CDATA)) {
    data += unescapeXml(text.slice(at, section.index)) + section[1];
    at = section.index + section[0].length;
  }
  return data + unescapeXml(text.slice(at));
}

/** XML 1.0 section 2.11: before anything is parsed. */
function withPlainLineEnds(xml: Buffer): Buffer {
  return xml.includes('\r') ? Buffer.from(xml.latin1Slice().replace(/\r\n?/g, '\n'), 'latin1') : xml;
}
