/** Plain data as bytes and back (MessagePack), for what crosses threads or is folded away. */
import { Packr } from 'msgpackr';

// Without records each text stands on its own: no structure learnt from one is needed to read another.
const packr = new Packr({ useRecords: false, mapsAsObjects: true });

/** Takes null, undefined, booleans, numbers, bigints up to 64 bits, strings, bytes, dates, arrays and plain objects. */
export function encode(value: unknown): Uint8Array {
  // The packer hands out views of a shared buffer; posting one to another thread would copy, or take away, all of it.
  return new Uint8Array(packr.pack(value));
}

/** Throws when the bytes are not one whole value. Byte fields are copies: they do not keep `bytes` alive. */
export function decode(bytes: Uint8Array): unknown {
  return packr.unpack(bytes);
}
