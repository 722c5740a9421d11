/** A message, presence or IQ on its way: addresses and type at hand, the content parsed only when somebody asks. */
import { Element, el, escapeXml } from './element.js';
import type { StanzaError } from './errors.js';
import type { Jid } from './jid.js';
import { ns } from './namespaces.js';
import { type ChildBit, childPatterns } from './stanza-children.js';
import { appendChild, cutAddresses, declareNamespace, rawAttributeInText } from './stanza-text.js';

export type StanzaName = 'message' | 'presence' | 'iq';

/**
 * Where a stanza that arrived still lies in the engine's arena. Good for as long as `epoch` is the engine's: until the batch
 * that brought it is over.
 */
export interface ArenaOrigin {
  readonly epoch: number;
  tree(envelope: number): Element;
  /** The stanza as it goes to a client; `undefined` for one that has to be written anew from its tree. */
  text(envelope: number): string | undefined;
  parse: Parse;
}

/** Parses one element, in the scope of `jabber:client`; `undefined` when it cannot. */
export type Parse = (xml: string) => Element | undefined;

/** XML text in the scope of `jabber:client`, where a tree would only be made to be written. */
export interface Markup {
  readonly xml: string;
  readonly parse: Parse;
}

/** Stands for an id that is read from the content when somebody asks for it. */
export const LATER = Symbol('later');

export interface StanzaFields {
  readonly name: StanzaName;
  /** Empty when absent. */
  readonly type: string;
  readonly to: Jid | undefined;
  readonly from: Jid | undefined;
  readonly id: string | undefined | typeof LATER;
  /** `xml:lang`, when the stanza has its own. */
  readonly lang: string | undefined;
  /** An address was there that is no JID; it is left out above. */
  readonly malformed?: boolean;
}

export class Stanza implements StanzaFields {
  readonly name: StanzaName;
  readonly type: string;
  readonly to: Jid | undefined;
  readonly from: Jid | undefined;
  readonly lang: string | undefined;
  readonly malformed: boolean;

  /** Number of the envelope in the running batch; -1 for a stanza that did not come from the engine or was changed. */
  readonly envelope: number;
  readonly #origin: ArenaOrigin | undefined;
  readonly #epoch: number;
  readonly #reader: Parse | undefined;
  #id: string | undefined | typeof LATER;
  #tree: Element | undefined;
  /** The same under other addresses, whose text and tree are shared: most broadcast presence meets nobody. */
  #source: Stanza | undefined;
  /** Of a source: its text around the addresses. */
  #around: readonly [front: string, rest: string] | undefined;
  #text: string | undefined;
  #low: number;
  #high: number;

  private constructor(
    fields: StanzaFields,
    content: Element | Markup | undefined,
    origin?: ArenaOrigin,
    envelope = -1,
    low = -1,
    high = -1,
  ) {
    this.name = fields.name;
    this.type = fields.type;
    this.to = fields.to;
    this.from = fields.from;
    this.#id = fields.id;
    this.lang = fields.lang;
    this.malformed = fields.malformed ?? false;
    this.envelope = envelope;
    this.#origin = origin;
    this.#epoch = origin?.epoch ?? -1;
    if (content instanceof Element) this.#tree = content;
    else this.#text = content?.xml;
    this.#reader = content instanceof Element ? undefined : content?.parse;
    this.#low = low;
    this.#high = high;
  }

  /** A stanza in the engine's arena. `low` and `high` are its child bits. */
  static fromArena(fields: StanzaFields, origin: ArenaOrigin, envelope: number, low: number, high: number): Stanza {
    return new Stanza(fields, undefined, origin, envelope, low, high);
  }

  /** A stanza of our own making. The element's `to`, `from`, `type`, `id` and `xml:lang` give way to the fields. */
  static fromElement(element: Element, to: Jid | undefined, from: Jid | undefined): Stanza {
    const { type = '', id, 'xml:lang': lang } = element.attrs;
    return new Stanza({ name: element.name as StanzaName, type, to, from, id, lang }, address(element, to, from));
  }

  /** A stanza that is there as text, addressed as the fields say, in the scope of `jabber:client`. */
  static fromText(fields: StanzaFields, xml: string, parse: Parse): Stanza {
    return new Stanza(fields, { xml, parse });
  }

  /** That of a message from the arena may be read after its batch only if it was kept, as the content may. */
  get id(): string | undefined {
    if (this.#id === LATER) this.#id = this.#readId();
    return this.#id;
  }

  /** True while the bytes in the arena are still this very stanza, so that the engine can pass them on untouched. */
  get isInArena(): boolean {
    return this.#origin !== undefined && this.#origin.epoch === this.#epoch;
  }

  /** Whether a direct child of this pattern is there; see `child` in stanza-children.ts. */
  has(bit: ChildBit): boolean {
    if (this.#source) return this.#source.has(bit);
    if (this.#low === -1 && this.#high === -1 && this.#origin === undefined) this.#computeBits();
    return bit < 32 ? (this.#low & (1 << bit)) !== 0 : (this.#high & (1 << (bit - 32))) !== 0;
  }

  /** Whether its content is text that somebody else has written, and not a tree of our own making. */
  get isText(): boolean {
    return this.#source ? this.#source.isText : this.#ownText() !== undefined;
  }

  /** The whole stanza as an element. Parsed at the first call; not to be changed. */
  tree(): Element {
    this.#tree ??= this.#source ? address(copyOf(this.#source.tree()), this.to, this.from) : this.#parse();
    return this.#tree;
  }

  /** Makes the stanza outlive the batch that brought it. Must be called before anything waits. */
  keep(): this {
    if (!this.#tree && !this.#source && this.#ownText() === undefined) this.tree();
    return this;
  }

  /** XML text as it goes to a client: in the scope of `jabber:client`. What came in unchanged goes out letter by letter. */
  toXml(): string {
    return this.#ownText() ?? this.tree().toXml(ns.CLIENT);
  }

  /** XML text that stands alone, with its namespace declared. */
  toStandaloneXml(): string {
    const text = this.#ownText();
    return text === undefined ? this.tree().toXml() : declareNamespace(text, ns.CLIENT);
  }

  /** The same stanza with one more child at its end. Parses nothing where the text is at hand. */
  withChild(added: Element): Stanza {
    const text = this.#ownText();
    const parse = this.#reader ?? this.#origin?.parse;
    if (text === undefined || !parse) return this.changed((tree) => void tree.children.push(added));
    const more = new Stanza(this.#fields(), { xml: appendChild(text, added.toXml()), parse });
    if (this.#origin || this.#low !== -1 || this.#high !== -1) {
      const bit = patternOf(added);
      more.#low = bit >= 0 && bit < 32 ? this.#low | (1 << bit) : this.#low;
      more.#high = bit >= 32 ? this.#high | (1 << (bit - 32)) : this.#high;
    }
    return more;
  }

  /** The same content under other addresses. What is read or written of it is made once for all of them. */
  readdressed(to: Jid | undefined, from: Jid | undefined): Stanza {
    const source = this.#source ?? this.keep();
    const { name, type, lang } = source;
    const other = new Stanza({ name, type, to, from, id: source.#id, lang }, undefined);
    other.#source = source;
    return other;
  }

  /** Another content under the same addresses: `change` gets a copy that it may alter. */
  changed(change: (tree: Element) => void): Stanza {
    const copy = this.tree().clone();
    change(copy);
    return Stanza.fromElement(copy, this.to, this.from);
  }

  /** The answer that carries an error (RFC 6120 section 8.3.1). The original content is not sent back. */
  error(error: StanzaError): Stanza {
    return Stanza.fromElement(
      el(this.name, { xmlns: ns.CLIENT, type: 'error', id: this.id }, error.toElement()),
      this.from,
      this.to,
    );
  }

  /** The answer to an IQ (RFC 6120 section 8.2.3). */
  result(payload?: Element | Markup): Stanza {
    if (payload && !(payload instanceof Element)) return this.#textResult(payload);
    return Stanza.fromElement(el('iq', { xmlns: ns.CLIENT, type: 'result', id: this.id }, payload), this.from, this.to);
  }

  #textResult({ xml: payload, parse }: Markup): Stanza {
    const id = this.id === undefined ? '' : ` id='${escapeXml(this.id)}'`;
    const xml = `<iq type='result'${id}${attribute('from', this.to)}${attribute('to', this.from)}>${payload}</iq>`;
    const fields = { name: this.name, type: 'result', to: this.from, from: this.to, id: this.id, lang: undefined };
    return new Stanza(fields, { xml, parse });
  }

  /** The fields for another stanza of the same addresses; the id may still be unread. */
  #fields(): StanzaFields {
    const { name, type, to, from, lang, malformed } = this;
    return { name, type, to, from, id: this.#id, lang, malformed };
  }

  /** The text, unless the stanza was made as a tree or has to be written anew. */
  #ownText(): string | undefined {
    if (this.#source) return this.#source.#addressed(this.to, this.from);
    if (this.#text === undefined && this.#origin && this.isInArena) this.#text = this.#origin.text(this.envelope);
    return this.#text;
  }

  #addressed(to: Jid | undefined, from: Jid | undefined): string {
    this.#around ??= cutAddresses(this.toXml());
    const [front, rest] = this.#around;
    return front + attribute('from', from) + attribute('to', to) + rest;
  }

  /** PERF(chat): most content is never parsed. References and white space in an id are left to the parser. */
  #readId(): string | undefined {
    const text = this.#tree ? undefined : this.#ownText();
    const raw = text === undefined ? undefined : rawAttributeInText(text, 'id');
    if (text === undefined || (raw !== undefined && /[&\s]/.test(raw))) return this.tree().attrs['id'];
    return raw;
  }

  #parse(): Element {
    if (this.#origin && this.isInArena) return address(this.#origin.tree(this.envelope), this.to, this.from);
    const parse = this.#reader ?? this.#origin?.parse;
    if (this.#text === undefined || !parse) throw new Error('a stanza was read after its batch, without keep()');
    // What has been read once fails only when the engine has stopped, and nobody will see any stanza.
    return address(parse(this.#text) ?? new Element(this.name, ns.CLIENT), this.to, this.from);
  }

  #computeBits(): void {
    this.#low = 0;
    this.#high = 0;
    for (const child of this.tree().elements()) {
      const bit = patternOf(child);
      if (bit >= 32) this.#high |= 1 << (bit - 32);
      else if (bit >= 0) this.#low |= 1 << bit;
    }
  }
}

/** The bit of this child, or -1. */
function patternOf(child: Element): number {
  return childPatterns.findIndex(
    (pattern) => pattern.ns === child.ns && (pattern.name === '*' || pattern.name === child.name),
  );
}

/** PERF(login): names that are written out here are found by V8 without a look-up. */
function address(element: Element, to: Jid | undefined, from: Jid | undefined): Element {
  const { attrs } = element;
  if (to) attrs['to'] = to.toString();
  else if (attrs['to'] !== undefined) delete attrs['to'];
  if (from) attrs['from'] = from.toString();
  else if (attrs['from'] !== undefined) delete attrs['from'];
  return element;
}

function attribute(name: 'to' | 'from', jid: Jid | undefined): string {
  return jid ? ` ${name}='${jid.toXml()}'` : '';
}

/** With attributes of its own. */
function copyOf({ name, ns, attrs, children }: Element): Element {
  return new Element(name, ns, { ...attrs }, children);
}
