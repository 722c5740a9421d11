/** Turns the bytes of a stream into tags, one character at a time, and refuses what XML 1.0 and RFC 6120 section 11 forbid. */
import { streamFailure } from '../envelope.js';
import { type Limits, MOST_STANZA_BYTES } from '../port.js';
import {
  AMPERSAND,
  APOSTROPHE,
  BANG,
  EQUALS,
  GREATER_THAN,
  HASH,
  isNameCharacter,
  isNameStart,
  isSpace,
  isXmlCharacter,
  LEFT_BRACKET,
  LESS_THAN,
  QUESTION,
  QUOTE,
  RIGHT_BRACKET,
  SEMICOLON,
  SLASH,
} from './characters.js';
import { type AttributeSpan, Tag } from './tag.js';
import { INCOMPLETE, INVALID, Utf8Decoder } from './utf8.js';
import { declarationFailure } from './xml-declaration.js';

const {
  NONE,
  NOT_WELL_FORMED,
  RESTRICTED_XML,
  BAD_CHARACTER,
  BAD_FORMAT,
  STANZA_TOO_LARGE,
  TAG_TOO_LARGE,
  TOO_MUCH_BEFORE_AUTHENTICATION,
} = streamFailure;

/** A `streamFailure`, `NONE` as long as all is well. */
export type Failure = number;

/** Told about every tag at its `>`. The answer is a failure, or `NONE`. */
export interface TagSink {
  /** Elements that are open: 0 before the root, 1 between top-level elements. */
  readonly openElements: number;
  /** No further byte may be read. */
  readonly isSpent: boolean;
  startTag(tag: Tag): Failure;
  endTag(nameStart: number, nameEnd: number): Failure;
}

const CDATA = '[CDATA[';
const PREDEFINED = new Set(['lt', 'gt', 'amp', 'apos', 'quot']);
const LONGEST_PREDEFINED = 4;
const DECLARATION_START = '<?xml';
const LOWER_X = 0x78;
const BEYOND_UNICODE = 0x110000;
/** Spans have 16 bits. */
const MOST_TAG_BYTES = 65_535;
const FIRST_BUFFER_BYTES = 512;

/** A method, not a closure, of which each connection would have two dozen. */
type State = (this: Lexer, c: number) => Failure;

export class Lexer {
  /** Bytes of the top-level element so far, from its `<`; undefined between elements. */
  bytes: Buffer | undefined;
  length = 0;

  readonly #maxStanzaBytes: number;
  readonly #maxTagBytes: number;
  readonly #sink: TagSink;
  readonly #utf8 = new Utf8Decoder();
  #state: State;
  /** What text goes back to after a reference, and what comes after a tag. */
  #outer: State;
  /** Where the current character starts. */
  #at = 0;
  /** Start of the tag being read, or -1. */
  #tagStart = -1;
  /** Undefined outside of tags, as what follows. */
  #tag: Tag | undefined;
  #attribute: AttributeSpan | undefined;
  #space = 0;
  #nameStart = 0;
  #nameEnd = 0;
  #quote = 0;
  /** Closing brackets in a row, or characters of `[CDATA[` that matched. */
  #count = 0;
  /** The entity name being read, or as much of it as could be a predefined one. */
  #reference = '';
  /** The code point being spelt out, -1 before its first digit. */
  #referenced = -1;
  #radix = 10;
  /** True until anything but the XML declaration was read. */
  #mayDeclare = true;

  constructor(limits: Limits, sink: TagSink) {
    this.#maxStanzaBytes = Math.min(limits.maxStanzaBytes, MOST_STANZA_BYTES);
    this.#maxTagBytes = Math.min(limits.maxTagBytes, MOST_TAG_BYTES);
    this.#sink = sink;
    this.#state = this.#prolog;
    this.#outer = this.#prolog;
  }

  /** True when nothing is half read. */
  get isBetween(): boolean {
    return this.bytes === undefined && !this.#utf8.isInside;
  }

  /** Starts between top-level elements, with no stream header to come. */
  beginBetween(): void {
    this.#mayDeclare = false;
    this.#state = this.#between;
  }

  /** Forgets the top-level element that is complete, and its memory. */
  release(): void {
    this.bytes = undefined;
    this.length = 0;
    this.#tag = undefined;
    this.#attribute = undefined;
  }

  next(byte: number): Failure {
    if (!this.#utf8.isInside) this.#at = this.length;
    if (this.bytes !== undefined && this.length >= this.#maxStanzaBytes) return STANZA_TOO_LARGE;
    if (this.#sink.isSpent) return TOO_MUCH_BEFORE_AUTHENTICATION;
    if (this.bytes !== undefined) {
      const failure = this.#append(byte);
      if (failure !== NONE) return failure;
    }
    const c = this.#utf8.next(byte);
    if (c === INCOMPLETE) return NONE;
    if (c === INVALID || !isXmlCharacter(c)) return BAD_CHARACTER;
    return this.#state(c);
  }

  #append(byte: number): Failure {
    let bytes = this.bytes as Buffer;
    if (this.length === bytes.length) {
      bytes = Buffer.allocUnsafeSlow(bytes.length * 2);
      bytes.set(this.bytes as Buffer);
      this.bytes = bytes;
    }
    bytes[this.length++] = byte;
    return this.#tagStart >= 0 && this.length - this.#tagStart > this.#maxTagBytes ? TAG_TOO_LARGE : NONE;
  }

  #enter(state: State): Failure {
    this.#state = state;
    return NONE;
  }

  /** Back to where text is read: before the root, between top-level elements, or inside one. */
  #enterContent(): Failure {
    this.#tagStart = -1;
    this.#count = 0;
    const open = this.#sink.openElements;
    return this.#enter(open === 0 ? this.#prolog : open === 1 ? this.#between : this.#text);
  }

  #begin(): Failure {
    this.bytes = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES);
    this.bytes[0] = LESS_THAN;
    this.length = 1;
    this.#tagStart = 0;
    return this.#enter(this.#markup);
  }

  #prolog(c: number): Failure {
    if (c === LESS_THAN) return this.#begin();
    this.#mayDeclare = false;
    return isSpace(c) ? NONE : NOT_WELL_FORMED;
  }

  /** RFC 6120 section 4.6.1: white space between top-level elements keeps the connection alive; other text has no place. */
  #between(c: number): Failure {
    if (c === LESS_THAN) return this.#begin();
    return isSpace(c) ? NONE : BAD_FORMAT;
  }

  #text(c: number): Failure {
    if (c === LESS_THAN) {
      this.#tagStart = this.#at;
      return this.#enter(this.#markup);
    }
    if (c === AMPERSAND) return this.#beginReference(this.#text);
    // XML 1.0 production 14: `]]>` may not stand in text.
    if (c === GREATER_THAN && this.#count >= 2) return NOT_WELL_FORMED;
    this.#count = c === RIGHT_BRACKET ? this.#count + 1 : 0;
    return NONE;
  }

  #markup(c: number): Failure {
    if (c === QUESTION) return this.#processingInstruction();
    this.#mayDeclare = false;
    if (c === SLASH) return this.#enter(this.#endTagStart);
    if (c === BANG) return this.#enter(this.#bang);
    if (!isNameStart(c)) return NOT_WELL_FORMED;
    this.#tag = new Tag(this.#at - 1);
    return this.#enter(this.#tagName);
  }

  #bang(c: number): Failure {
    // RFC 6120 section 11.1: comments and document type declarations.
    if (c !== LEFT_BRACKET) return RESTRICTED_XML;
    this.#count = 1;
    return this.#enter(this.#cdataStart);
  }

  #cdataStart(c: number): Failure {
    if (c !== CDATA.charCodeAt(this.#count)) return NOT_WELL_FORMED;
    if (++this.#count < CDATA.length) return NONE;
    const open = this.#sink.openElements;
    if (open < 2) return open === 0 ? NOT_WELL_FORMED : BAD_FORMAT;
    this.#tagStart = -1;
    this.#count = 0;
    return this.#enter(this.#cdata);
  }

  #cdata(c: number): Failure {
    if (c === GREATER_THAN && this.#count >= 2) return this.#enterContent();
    this.#count = c === RIGHT_BRACKET ? this.#count + 1 : 0;
    return NONE;
  }

  #processingInstruction(): Failure {
    if (!this.#mayDeclare) return RESTRICTED_XML;
    this.#mayDeclare = false;
    return this.#enter(this.#declaration);
  }

  #declaration(c: number): Failure {
    // Any other processing instruction: RFC 6120 section 11.1.
    if (this.length <= DECLARATION_START.length && c !== DECLARATION_START.charCodeAt(this.length - 1))
      return RESTRICTED_XML;
    if (this.length === DECLARATION_START.length + 1 && !isSpace(c)) return RESTRICTED_XML;
    if (c !== GREATER_THAN) return NONE;
    const failure = declarationFailure((this.bytes as Buffer).latin1Slice(0, this.length));
    if (failure !== NONE) return failure;
    this.release();
    return this.#enterContent();
  }

  #tagName(c: number): Failure {
    if (isNameCharacter(c)) return NONE;
    (this.#tag as Tag).nameEnd = this.#at;
    this.#space = this.#at;
    return this.#afterName(c);
  }

  /** Behind the tag's name or an attribute's value. */
  #afterName(c: number): Failure {
    this.#space = this.#at;
    if (isSpace(c)) return this.#enter(this.#tagSpace);
    if (c === SLASH) return this.#enter(this.#emptyTagEnd);
    return c === GREATER_THAN ? this.#finishStartTag() : NOT_WELL_FORMED;
  }

  #tagSpace(c: number): Failure {
    if (isSpace(c)) return NONE;
    if (c === SLASH) return this.#enter(this.#emptyTagEnd);
    if (c === GREATER_THAN) return this.#finishStartTag();
    if (!isNameStart(c)) return NOT_WELL_FORMED;
    this.#attribute = { space: this.#space, nameStart: this.#at, nameEnd: 0, valueStart: 0, valueEnd: 0 };
    return this.#enter(this.#attributeName);
  }

  #attributeName(c: number): Failure {
    if (isNameCharacter(c)) return NONE;
    (this.#attribute as AttributeSpan).nameEnd = this.#at;
    return this.#enter(this.#equals) || this.#equals(c);
  }

  #equals(c: number): Failure {
    if (isSpace(c)) return NONE;
    return c === EQUALS ? this.#enter(this.#valueStart) : NOT_WELL_FORMED;
  }

  #valueStart(c: number): Failure {
    if (isSpace(c)) return NONE;
    if (c !== QUOTE && c !== APOSTROPHE) return NOT_WELL_FORMED;
    this.#quote = c;
    (this.#attribute as AttributeSpan).valueStart = this.length;
    return this.#enter(this.#value);
  }

  #value(c: number): Failure {
    if (c === LESS_THAN) return NOT_WELL_FORMED;
    if (c === AMPERSAND) return this.#beginReference(this.#value);
    if (c !== this.#quote) return NONE;
    const attribute = this.#attribute as AttributeSpan;
    attribute.valueEnd = this.#at;
    (this.#tag as Tag).attributes.push(attribute);
    return this.#enter(this.#afterName);
  }

  #emptyTagEnd(c: number): Failure {
    if (c !== GREATER_THAN) return NOT_WELL_FORMED;
    (this.#tag as Tag).isEmpty = true;
    return this.#finishStartTag();
  }

  #finishStartTag(): Failure {
    const tag = this.#tag as Tag;
    tag.end = this.length;
    return this.#sink.startTag(tag) || this.#enterContent();
  }

  #endTagStart(c: number): Failure {
    if (!isNameStart(c)) return NOT_WELL_FORMED;
    this.#nameStart = this.#at;
    return this.#enter(this.#endTagName);
  }

  #endTagName(c: number): Failure {
    if (isNameCharacter(c)) return NONE;
    this.#nameEnd = this.#at;
    return this.#enter(this.#endTagSpace) || this.#endTagSpace(c);
  }

  #endTagSpace(c: number): Failure {
    if (isSpace(c)) return NONE;
    if (c !== GREATER_THAN) return NOT_WELL_FORMED;
    return this.#sink.endTag(this.#nameStart, this.#nameEnd) || this.#enterContent();
  }

  #beginReference(outer: State): Failure {
    this.#outer = outer;
    this.#reference = '';
    return this.#enter(this.#referenceStart);
  }

  #referenceStart(c: number): Failure {
    if (c === HASH) return this.#enter(this.#characterReferenceStart);
    if (!isNameStart(c)) return NOT_WELL_FORMED;
    return this.#enter(this.#entityName) || this.#entityName(c);
  }

  #entityName(c: number): Failure {
    if (c === SEMICOLON) {
      // RFC 6120 section 11.1: no entity references but the predefined ones.
      return PREDEFINED.has(this.#reference) ? this.#leaveReference() : RESTRICTED_XML;
    }
    if (!isNameCharacter(c)) return NOT_WELL_FORMED;
    if (this.#reference.length <= LONGEST_PREDEFINED) this.#reference += String.fromCodePoint(c);
    return NONE;
  }

  #characterReferenceStart(c: number): Failure {
    this.#referenced = -1;
    this.#radix = c === LOWER_X ? 16 : 10;
    return this.#enter(this.#characterReference) || (c === LOWER_X ? NONE : this.#characterReference(c));
  }

  #characterReference(c: number): Failure {
    if (c === SEMICOLON) {
      if (this.#referenced === -1) return NOT_WELL_FORMED;
      return isXmlCharacter(this.#referenced) ? this.#leaveReference() : BAD_CHARACTER;
    }
    const digit = digitValue(c);
    if (digit >= this.#radix) return NOT_WELL_FORMED;
    // Kept just above the last code point, so that it cannot overflow into a valid one.
    this.#referenced = Math.min(Math.max(this.#referenced, 0) * this.#radix + digit, BEYOND_UNICODE);
    return NONE;
  }

  #leaveReference(): Failure {
    this.#count = 0;
    return this.#enter(this.#outer);
  }
}

function digitValue(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const lower = c | 0x20;
  return c < 0x80 && lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : Number.POSITIVE_INFINITY;
}
