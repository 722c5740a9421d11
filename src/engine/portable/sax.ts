/** sax-wasm as a tokenizer of elements that are already known to be well-formed: one WebAssembly instance for a shard. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { SAXParser, SaxEventType, type Tag } from 'sax-wasm';

/** Told of each tag in order; `end` is the byte behind its `>`. Where tags and attributes start is not told right beyond ASCII. */
export interface SaxTokens {
  open(tag: Tag, end: number): void;
  close(end: number): void;
}

const LESS_THAN = 0x3c;
/** The parser takes its input at the bottom of its own stack of 1 MiB, without a check. */
const MAX_WRITE_BYTES = 256 * 1024;
/** Its memory grows with what it holds and never shrinks: beyond this, a new instance takes over. */
const MAX_MEMORY_BYTES = 8 * 1024 * 1024;

export class SaxTokenizer {
  #parser: SAXParser;
  #isRenewing = false;

  private constructor(parser: SAXParser) {
    this.#parser = parser;
  }

  static async create(): Promise<SaxTokenizer> {
    return new SaxTokenizer(await prepare());
  }

  /** Reads one whole well-formed element. */
  run(xml: Buffer, tokens: SaxTokens): void {
    const parser = this.#parser;
    parser.eventHandler = (type, detail) => {
      const tag = detail as Tag;
      const { end } = tag.byteOffsets;
      if (type === SaxEventType.OpenTag) tokens.open(tag, end);
      // An empty element has an event for its end too, at the offsets of its start.
      else if (!tag.selfClosing) tokens.close(end);
    };
    const text = withPlainSpaces(xml);
    for (let at = 0; at < text.length; ) {
      const end = cut(text, at);
      parser.write(text.subarray(at, end));
      at = end;
    }
    parser.end();
    this.#renewWhenLarge();
  }

  #renewWhenLarge(): void {
    const memory = this.#parser.wasmSaxParser?.memory as { buffer: ArrayBufferLike } | undefined;
    if (this.#isRenewing || !memory || memory.buffer.byteLength <= MAX_MEMORY_BYTES) return;
    this.#isRenewing = true;
    prepare().then((parser) => {
      this.#parser = parser;
      this.#isRenewing = false;
    });
  }
}

export type { Tag };

async function prepare(): Promise<SAXParser> {
  const path = createRequire(import.meta.url).resolve('sax-wasm/lib/sax-wasm.wasm');
  const parser = new SAXParser(SaxEventType.OpenTag | SaxEventType.CloseTag);
  // A copy, since the parser looks at the whole buffer that lies underneath.
  await parser.prepareWasm(new Uint8Array(readFileSync(path)));
  return parser;
}

/** The parser overlooks an end tag with a line feed or a tab in it. Offsets stay; text is read from the original. */
function withPlainSpaces(xml: Buffer): Buffer {
  const plain = Buffer.allocUnsafe(xml.length);
  for (let at = 0; at < xml.length; at++) {
    const byte = xml[at] as number;
    plain[at] = byte === 0x0a || byte === 0x0d || byte === 0x09 ? 0x20 : byte;
  }
  return plain;
}

/** Where a write may end: its offsets go wrong when a tag or a character is cut in two. */
function cut(text: Buffer, at: number): number {
  const end = at + MAX_WRITE_BYTES;
  if (end >= text.length) return text.length;
  const tag = text.lastIndexOf(LESS_THAN, end);
  if (tag > at) return tag;
  let whole = end;
  while (((text[whole] as number) & 0xc0) === 0x80) whole -= 1;
  return whole;
}
