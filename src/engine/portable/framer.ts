/** Cuts the bytes of one XML stream into a header and top-level elements, and tells what each is (RFC 6120 section 4). */
import { ns } from '../../protocol/namespaces.js';
import type { ChildPattern } from '../../protocol/stanza-children.js';
import { attributeValue } from '../attribute-value.js';
import { envelopeFlag, eventKind, streamFailure } from '../envelope.js';
import type { Framing, Limits } from '../port.js';
import { type Failure, Lexer, type TagSink } from './lexer.js';
import { Outline } from './outline.js';
import { mayBind, Scope, XMLNS } from './scope.js';
import { type QName, splitName, type Tag } from './tag.js';

const { NONE, NOT_WELL_FORMED, BAD_NAMESPACE_PREFIX, INVALID_NAMESPACE, BAD_FORMAT, BAD_FRAME } = streamFailure;
const LESS_THAN = 0x3c;

/** The native framer keeps no more. */
const MOST_ATTRIBUTES = 256;
/** Trees name the namespace of each element anew when they are written: long names would grow. */
const MAX_NAMESPACE_BYTES = 1024;

/** Around the elements of a stream that has no header of its own, and before a header. */
const CLIENT_SCOPE: ReadonlyMap<string, string> = new Map([['', ns.CLIENT]]);
const NO_SCOPE: ReadonlyMap<string, string> = new Map();

/** Raw attribute, its name split. */
interface NamedAttribute {
  readonly raw: string;
  readonly name: QName;
  readonly value: string;
}

/** A stream between two elements. */
export interface StreamState {
  readonly isAuthenticated: boolean;
  readonly bytesBeforeAuthentication: number;
  /** The name of the header's element as it was written; undefined before the header. */
  readonly root: string | undefined;
  readonly header: readonly (readonly [string, string])[];
  /** Of frames: the `<open/>` was read; an element began in this frame. */
  readonly hasOpened: boolean;
  readonly hasFrameElement: boolean;
}

export class Framer implements TagSink {
  /** An `eventKind` that waits to be taken, or 0. */
  event = 0;
  failure: Failure = NONE;
  /** Bytes read; from `authenticated` on no longer of interest. */
  beforeAuthentication = 0;
  isAuthenticated = false;
  /** What the event is about; for STREAM_OPENED and ELEMENT. */
  outline: Outline | undefined;

  #limits: Limits;
  readonly #maxNamespaceBytes: number;
  readonly #patterns: readonly ChildPattern[];
  #lexer: Lexer;
  #scope = new Scope(NO_SCOPE);
  #header = NO_SCOPE;
  /** Names of the elements that are open, the stream's own first. */
  #open: string[] = [];

  readonly #framing: Framing | undefined;
  #hasOpened = false;
  #hasFrameElement = false;
  /** What a frame's element is by its tag: the header or the end of a stream. */
  #role: 'open' | 'close' | undefined;

  constructor(
    limits: Limits,
    patterns: readonly ChildPattern[],
    maxNamespaceBytes = MAX_NAMESPACE_BYTES,
    framing: Framing | undefined = undefined,
  ) {
    this.#maxNamespaceBytes = maxNamespaceBytes;
    this.#limits = limits;
    this.#patterns = patterns;
    this.#framing = framing;
    this.#lexer = new Lexer(limits, this);
    if (framing) this.beginFragment();
  }

  get openElements(): number {
    return this.#open.length;
  }

  /** No more bytes may come before authentication. */
  get isSpent(): boolean {
    const { maxBytesBeforeAuthentication } = this.#limits;
    if (this.isAuthenticated || maxBytesBeforeAuthentication === 0) return false;
    return this.beforeAuthentication >= maxBytesBeforeAuthentication;
  }

  /** The bytes of the event. */
  get bytes(): Buffer {
    return (this.#lexer.bytes as Buffer).subarray(0, this.#lexer.length);
  }

  /** Prefixes that the stream header declared. Not to be changed. */
  get headerScope(): ReadonlyMap<string, string> {
    return this.#header;
  }

  /** Memory held for an unfinished element. */
  get heldBytes(): number {
    return this.#lexer.bytes?.length ?? 0;
  }

  /** Bytes of an element that is not complete, or not taken. */
  get unfinished(): Uint8Array {
    return this.#lexer.bytes === undefined ? new Uint8Array(0) : this.bytes;
  }

  /** Reads on from `at` until there is an event; returns where it stopped. After a failure or the stream's end nothing is read. */
  feed(input: Uint8Array, at: number): number {
    if (this.event !== 0) return at;
    let next = at;
    while (next < input.length && this.event === 0) {
      const byte = input[next++] as number;
      const failure = this.#framing ? this.#nextInFrame(byte) : this.#lexer.next(byte);
      this.beforeAuthentication += 1;
      if (failure !== NONE) this.#fail(failure);
    }
    return next;
  }

  #nextInFrame(byte: number): Failure {
    if (byte === LESS_THAN && this.#lexer.isBetween && !this.isSpent) {
      // RFC 7395 section 3.3: one element in a frame.
      if (this.#hasFrameElement && this.#framing === 'websocket') return BAD_FRAME;
      this.#hasFrameElement = true;
    }
    const failure = this.#lexer.next(byte);
    return failure === BAD_FORMAT ? BAD_FRAME : failure;
  }

  /** The frame ends here: nothing may be left open. */
  endFrame(): Failure {
    this.#hasFrameElement = false;
    if (this.event !== 0 || this.#lexer.isBetween) return NONE;
    this.#fail(BAD_FRAME);
    return BAD_FRAME;
  }

  /** Goes on after an event; its bytes are gone. A failure or the end of the stream is final. */
  take(): void {
    if (this.event !== eventKind.STREAM_OPENED && this.event !== eventKind.ELEMENT) return;
    this.event = 0;
    this.outline = undefined;
    this.#lexer.release();
  }

  /** Where the stream stands; `unfinished` comes on top. */
  suspend(): StreamState {
    const [root] = this.#open;
    // A header that nobody has taken is still to be read.
    const isOpen = root !== undefined && this.event !== eventKind.STREAM_OPENED;
    return {
      isAuthenticated: this.isAuthenticated,
      // What is unfinished will be read again.
      bytesBeforeAuthentication: this.beforeAuthentication - this.unfinished.length,
      root: isOpen ? root : undefined,
      header: isOpen ? [...this.#header] : [],
      hasOpened: this.#hasOpened && this.event !== eventKind.STREAM_OPENED,
      hasFrameElement: this.#hasFrameElement && this.#lexer.isBetween,
    };
  }

  /** Takes up a stream that was suspended elsewhere. */
  resume(state: StreamState): void {
    this.restart();
    this.isAuthenticated = state.isAuthenticated;
    this.beforeAuthentication = state.bytesBeforeAuthentication;
    this.#hasOpened = state.hasOpened;
    this.#hasFrameElement = state.hasFrameElement;
    if (state.root !== undefined && !this.#framing) this.#beginInside(state.root, new Map(state.header));
  }

  /** Other limits from the next stream on. */
  limit(limits: Limits): void {
    this.#limits = limits;
  }

  /** A new stream begins on the same connection (RFC 6120 section 4.3.3). */
  restart(): void {
    this.#reset();
    this.#hasOpened = false;
    if (this.#framing) this.#beginInside('', CLIENT_SCOPE);
  }

  /** Expects elements at once, `jabber:client` being the namespace around them. */
  beginFragment(): void {
    this.#reset();
    this.#beginInside('', CLIENT_SCOPE);
  }

  #reset(): void {
    this.event = 0;
    this.outline = undefined;
    this.#lexer = new Lexer(this.#limits, this);
    this.#scope = new Scope(NO_SCOPE);
    this.#open = [];
  }

  startTag(tag: Tag): Failure {
    const depth = this.#open.length;
    if (tag.attributes.length > Math.min(this.#limits.maxAttributes, MOST_ATTRIBUTES))
      return streamFailure.TOO_MANY_ATTRIBUTES;
    // The stream's own element does not count.
    if (Math.max(depth - 1, 0) >= this.#limits.maxDepth) return streamFailure.TOO_DEEP;

    const bytes = this.#lexer.bytes as Buffer;
    const raw = bytes.utf8Slice(tag.start + 1, tag.nameEnd);
    const name = splitName(raw);
    const attributes = namedAttributes(bytes, tag);
    if (!name || !attributes) return NOT_WELL_FORMED;
    const failure = this.#bind(attributes, depth) || this.#checkNames(name, attributes);
    if (failure !== NONE) return failure;

    const namespace = this.#scope.resolve(name.prefix) as string;
    if (depth === 0) return this.#openStream(tag, raw, name, namespace);
    return this.#openElement(tag, raw, name, namespace, attributes);
  }

  endTag(nameStart: number, nameEnd: number): Failure {
    const raw = (this.#lexer.bytes as Buffer).utf8Slice(nameStart, nameEnd);
    if (this.#open.at(-1) !== raw) return NOT_WELL_FORMED;
    this.#closeElement();
    return NONE;
  }

  #beginInside(root: string, header: ReadonlyMap<string, string>): void {
    this.#open = [root];
    this.#scope = new Scope(header);
    this.#header = header;
    this.#lexer.beginBetween();
  }

  #fail(failure: Failure): void {
    this.failure = failure;
    this.event = eventKind.STREAM_FAILED;
    this.#lexer.release();
  }

  #openStream(tag: Tag, raw: string, name: QName, namespace: string): Failure {
    if (name.local !== 'stream' || namespace !== ns.STREAM) return INVALID_NAMESPACE;
    if (tag.isEmpty) return streamFailure.BAD_FORMAT;
    this.outline = new Outline(this.#lexer.bytes as Buffer, tag, name, false);
    this.event = eventKind.STREAM_OPENED;
    this.#header = this.#scope.outer;
    this.#open.push(raw);
    return NONE;
  }

  #openElement(tag: Tag, raw: string, name: QName, namespace: string, attributes: NamedAttribute[]): Failure {
    const depth = this.#open.length;
    const isContent = this.#isContentNamespace(namespace);
    if (depth === 1) {
      this.outline = new Outline(this.#lexer.bytes as Buffer, tag, name, isContent);
      this.#role = roleOf(name, namespace);
    }
    const outline = this.outline as Outline;
    if (depth > 1) {
      outline.children += 1;
      if (outline.children > this.#limits.maxChildren) return streamFailure.TOO_MANY_CHILDREN;
      // The patterns speak of `jabber:client`, but a body is a body on any stream.
      if (depth === 2) outline.child(isContent ? ns.CLIENT : namespace, name.local, this.#patterns);
    } else if (name.prefix !== '') outline.flags |= envelopeFlag.FOREIGN_SCOPE;

    if ([name, ...attributes.map((attribute) => attribute.name)].some((each) => this.#isForeign(each))) {
      outline.flags |= envelopeFlag.FOREIGN_SCOPE;
    }
    this.#open.push(raw);
    if (tag.isEmpty) this.#closeElement();
    return NONE;
  }

  /** RFC 6120 section 4.8.3: a stream without a content namespace of its own leaves it to each stanza. */
  #isContentNamespace(namespace: string): boolean {
    const content = this.#header.get('') ?? '';
    if (content !== '' && content !== ns.STREAM) return namespace === content;
    return namespace === ns.CLIENT || namespace === ns.SERVER;
  }

  /** Leans on a prefix that only the stream header declares. */
  #isForeign({ prefix }: QName): boolean {
    return prefix !== '' && prefix !== 'xml' && prefix !== 'xmlns' && this.#scope.depthOf(prefix) === 0;
  }

  #closeElement(): void {
    this.#open.pop();
    const depth = this.#open.length;
    this.#scope.leave(depth);
    if (depth === 1) this.#complete();
    if (depth === 0) this.event = eventKind.STREAM_CLOSED;
  }

  #complete(): void {
    this.event = eventKind.ELEMENT;
    // An array that was pushed to keeps its room, and most streams are idle.
    this.#open = [this.#open[0] as string];
    if (!this.#framing) return;
    if (this.#hasOpened) {
      if (this.#role === 'close') this.event = eventKind.STREAM_CLOSED;
    } else if (this.#role === 'open') {
      this.event = eventKind.STREAM_OPENED;
      this.#hasOpened = true;
    } else this.#fail(INVALID_NAMESPACE);
  }

  /** Puts the tag's namespace declarations in force. */
  #bind(attributes: NamedAttribute[], depth: number): Failure {
    for (const { raw, name, value } of attributes) {
      if (raw !== 'xmlns' && name.prefix !== 'xmlns') continue;
      const prefix = raw === 'xmlns' ? '' : name.local;
      if (Buffer.byteLength(value) > this.#maxNamespaceBytes) return streamFailure.TAG_TOO_LARGE;
      const namespace = attributeValue(value);
      if (!mayBind(prefix, namespace)) return BAD_NAMESPACE_PREFIX;
      this.#scope.bind(prefix, namespace, depth);
    }
    return NONE;
  }

  /** Every prefix declared, no attribute twice, neither by name nor by expanded name (Namespaces in XML 1.0 section 6.3). */
  #checkNames(name: QName, attributes: NamedAttribute[]): Failure {
    if (name.prefix === 'xmlns' || this.#scope.resolve(name.prefix) === undefined) return BAD_NAMESPACE_PREFIX;
    const seen = new Set<string>();
    for (const attribute of attributes) {
      const { prefix, local } = attribute.name;
      const namespace = prefix === '' ? '' : prefix === 'xmlns' ? XMLNS : this.#scope.resolve(prefix);
      if (namespace === undefined) return BAD_NAMESPACE_PREFIX;
      // A space can stand in neither part.
      const expanded = `${local} ${namespace}`;
      if (seen.has(expanded)) return NOT_WELL_FORMED;
      seen.add(expanded);
    }
    return NONE;
  }
}

/** RFC 7395 sections 3.4 and 3.6. */
function roleOf({ local }: QName, namespace: string): 'open' | 'close' | undefined {
  return namespace === ns.FRAMING && (local === 'open' || local === 'close') ? local : undefined;
}

function namedAttributes(bytes: Buffer, tag: Tag): NamedAttribute[] | undefined {
  const named: NamedAttribute[] = [];
  for (const span of tag.attributes) {
    const raw = bytes.utf8Slice(span.nameStart, span.nameEnd);
    const name = splitName(raw);
    if (!name) return undefined;
    named.push({ raw, name, value: bytes.utf8Slice(span.valueStart, span.valueEnd) });
  }
  return named;
}
