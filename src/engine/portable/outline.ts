/** What an envelope says about one top-level element: spans of its addresses, its kind, the bits of its children. */
import type { ChildPattern } from '../../protocol/stanza-children.js';
import { attributeValue } from '../attribute-value.js';
import { envelopeFlag, stanzaKind, stanzaTypes, UNKNOWN_TYPE, word } from '../envelope.js';
import { AMPERSAND } from './characters.js';
import type { AttributeSpan, QName, Tag } from './tag.js';

/** Maps, for clients choose the names that are looked up: an object would know `constructor`, too. */
const KINDS: ReadonlyMap<string, number> = new Map([
  ['message', stanzaKind.MESSAGE],
  ['presence', stanzaKind.PRESENCE],
  ['iq', stanzaKind.IQ],
]);
const SPANS: ReadonlyMap<string, number> = new Map([
  ['to', word.TO],
  ['from', word.FROM],
  ['id', word.ID],
  ['xml:lang', word.LANG],
]);
const MAX_CHILDREN = 0xffff;
const SPACE = 0x20;

export class Outline {
  to = 0;
  from = 0;
  id = 0;
  lang = 0;
  flags = 0;
  head = 0;
  fromCut = 0;
  kind: number = stanzaKind.NONZA;
  type = 0;
  children = 0;
  childrenLow = 0;
  childrenHigh = 0;

  /** Takes down the start tag of a stream header or a top-level element; `isContent` for the namespace of stanzas. */
  constructor(bytes: Buffer, tag: Tag, name: QName, isContent: boolean) {
    this.head = ((tag.end << 16) | (tag.nameEnd & 0xffff)) >>> 0;
    if (isContent) this.kind = KINDS.get(name.local) ?? stanzaKind.NONZA;
    for (const attribute of tag.attributes) this.#take(bytes, attribute);
  }

  /** Notes a direct child. */
  child(namespace: string, local: string, patterns: readonly ChildPattern[]): void {
    patterns.forEach((pattern, bit) => {
      if (pattern.ns !== namespace || (pattern.name !== '*' && pattern.name !== local)) return;
      if (bit < 32) this.childrenLow = (this.childrenLow | (1 << bit)) >>> 0;
      else this.childrenHigh = (this.childrenHigh | (1 << (bit - 32))) >>> 0;
    });
  }

  get stanzaWord(): number {
    return ((Math.min(this.children, MAX_CHILDREN) << 16) | (this.type << 8) | this.kind) >>> 0;
  }

  #take(bytes: Buffer, attribute: AttributeSpan): void {
    const { valueStart, valueEnd } = attribute;
    const name = bytes.utf8Slice(attribute.nameStart, attribute.nameEnd);
    if (name === 'type') this.type = typeIndex(attributeValue(bytes.utf8Slice(valueStart, valueEnd)));
    if (name === 'xmlns') this.flags |= envelopeFlag.OWN_NAMESPACE;
    const field = SPANS.get(name);
    if (field === undefined) return;

    const value = span(valueStart, valueEnd);
    if (field === word.TO) this.to = value;
    else if (field === word.ID) this.id = value;
    else if (field === word.LANG) this.lang = value;
    else {
      this.from = value;
      this.fromCut = span(attribute.space, valueEnd + 1);
    }
    for (let at = valueStart; at < valueEnd; at++) {
      const byte = bytes[at] as number;
      if (byte === AMPERSAND || byte < SPACE) this.flags |= envelopeFlag.ESCAPED;
      else if (byte > 0x7f) this.flags |= envelopeFlag.NON_ASCII;
    }
  }
}

function span(start: number, end: number): number {
  return ((start << 16) | (end - start)) >>> 0;
}

function typeIndex(value: string): number {
  const index = stanzaTypes.indexOf(value as (typeof stanzaTypes)[number]);
  return index > 0 ? index : UNKNOWN_TYPE;
}
