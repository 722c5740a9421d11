/** Builds trees from the flat lists that the engine writes; native/core/xml/tokens.h defines them. */
import { type Attributes, Element, type ElementChild, setAttribute, unescapeXml } from '../../protocol/element.js';
import { attributeValue } from '../attribute-value.js';
import { tokenNames } from './token-names.js';

export { tokenNames };

const OPEN = 1;
const TEXT = 2;
const NON_ASCII = 1;
const RAW = 2;
const INTERNED = 4;
const PARENT = 8;
const LITERAL = 16;
const LENGTH_SHIFT = 5;
/** Below this, a string of one's own costs less than to remember it. */
const LONG = 64;

const NO_BYTES: Buffer = Buffer.alloc(0);

/** Keeps its place while it reads, and nothing from one element to the next. */
export class TokenDecoder {
  #tokens: Uint32Array = new Uint32Array(0);
  /** The same memory, for the literals in it. */
  #literals = NO_BYTES;
  #bytes = NO_BYTES;
  #start = 0;
  /** Where the list begins, and where we are. */
  #list = 0;
  #at = 0;
  #flags = 0;
  /** By where they stand in the element. */
  readonly #namespaces = new Map<number, string>();

  /** The element whose list begins at `from`; in `bytes` it begins at `start`. */
  decode(tokens: Uint32Array, from: number, bytes: Buffer, start: number): Element {
    if (tokens !== this.#tokens) {
      this.#tokens = tokens;
      this.#literals = Buffer.from(tokens.buffer, tokens.byteOffset, tokens.byteLength);
    }
    this.#bytes = bytes;
    this.#start = start;
    this.#list = from;
    this.#at = from;
    const element = this.#element('');
    this.#bytes = NO_BYTES;
    if (this.#namespaces.size > 0) this.#namespaces.clear();
    return element;
  }

  #next(): number {
    return this.#tokens[this.#at++] as number;
  }

  #element(outerNamespace: string): Element {
    const attributeCount = this.#next() >>> 8;
    const name = this.#string();
    const namespace = this.#namespace(outerNamespace);
    const attributes: Attributes = {};
    for (let count = 0; count < attributeCount; count++) {
      const key = this.#string();
      setAttribute(attributes, key, this.#attributeValue());
    }
    return new Element(name, namespace, attributes, this.#children(namespace));
  }

  /** Everything up to the element's end; neighbouring pieces of text become one. */
  #children(namespace: string): ElementChild[] {
    const children: ElementChild[] = [];
    let text = '';
    for (;;) {
      const kind = (this.#tokens[this.#at] as number) & 0xff;
      if (kind >= TEXT) {
        this.#at++;
        text += this.#characterData(kind);
        continue;
      }
      if (text !== '') {
        children.push(text);
        text = '';
      }
      if (kind !== OPEN) {
        this.#at++;
        return children;
      }
      children.push(this.#element(namespace));
    }
  }

  #namespace(outer: string): string {
    if (((this.#tokens[this.#at + 1] as number) & PARENT) !== 0) {
      this.#at += 2;
      return outer;
    }
    const first = this.#tokens[this.#at] as number;
    const second = this.#tokens[this.#at + 1] as number;
    if ((second & (INTERNED | LITERAL)) !== 0 || second >>> LENGTH_SHIFT < LONG) return this.#attributeValue();
    // Many elements may share a long one, which then is one string.
    let namespace = this.#namespaces.get(first);
    if (namespace !== undefined) {
      this.#at += 2;
      return namespace;
    }
    namespace = this.#attributeValue();
    this.#namespaces.set(first, namespace);
    return namespace;
  }

  /** XML 1.0 section 3.3.3: white space counts as spaces, unless it was written as a reference. */
  #attributeValue(): string {
    const text = this.#string();
    return (this.#flags & RAW) === 0 ? text : attributeValue(text);
  }

  /** XML 1.0 section 2.11: a line ends in one line feed. */
  #characterData(kind: number): string {
    const text = this.#string();
    if ((this.#flags & RAW) === 0) return text;
    const lines = text.replace(/\r\n?/g, '\n');
    return kind === TEXT ? unescapeXml(lines) : lines;
  }

  /** As it was written; what is left to do to it stands in `#flags`. */
  #string(): string {
    const first = this.#next();
    const second = this.#next();
    this.#flags = second;
    if ((second & INTERNED) !== 0) return tokenNames[first] as string;
    const length = second >>> LENGTH_SHIFT;
    let source = this.#bytes;
    let from = this.#start + first;
    if ((second & LITERAL) !== 0) {
      source = this.#literals;
      from = (first === 0 ? this.#at : this.#list + first) * Uint32Array.BYTES_PER_ELEMENT;
      if (first === 0) this.#at += (length + 3) >>> 2;
    }
    const to = from + length;
    return (second & NON_ASCII) === 0 ? source.latin1Slice(from, to) : source.utf8Slice(from, to);
  }
}
