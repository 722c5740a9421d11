/** What real clients have sent, and what may become of it on its way: flipped bits, pieces of one in another, cuts. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { limits, place, type Spoil, type StreamCase, splice, spoil } from './streams.js';

/** Clear text from the first byte to the last, of @xmpp/client and of slixmpp. */
export const RECORDED: readonly Buffer[] = ['xmppjs', 'slixmpp'].map((name) =>
  readFileSync(new URL(`./recorded/${name}.xml`, import.meta.url)),
);

const recording = fc.constantFrom(...RECORDED);
const change: fc.Arbitrary<Spoil> = fc.oneof(
  spoil,
  fc.tuple(place, fc.nat({ max: 7 })).map(
    ([at, bit]): Spoil =>
      (bytes) => {
        const flipped = Buffer.from(bytes);
        const index = at % Math.max(bytes.length, 1);
        if (bytes.length > 0) flipped[index] = (flipped[index] as number) ^ (1 << bit);
        return flipped;
      },
  ),
  // A piece of any recording, from tag to tag.
  fc.tuple(recording, place, fc.nat({ max: 400 }), place).map(
    ([other, from, size, to]): Spoil =>
      (bytes) => {
        const start = Math.max(other.indexOf('<', from % other.length), 0);
        const piece = other.subarray(start, other.indexOf('>', start + size) + 1);
        return splice(bytes, bytes.indexOf('<', to % (bytes.length + 1)), 0, piece);
      },
  ),
  place.map(
    (at): Spoil =>
      (bytes) =>
        bytes.subarray(0, at % (bytes.length + 1)),
  ),
);

export const recordedCase: fc.Arbitrary<StreamCase> = fc
  .record({
    bytes: recording,
    changes: fc.array(change, { maxLength: 4 }),
    places: fc.array(place, { maxLength: 20 }),
    limits,
    isStreaming: fc.boolean(),
  })
  .map(({ bytes, changes, places, ...rest }) => {
    const spoilt = changes.reduce((so, each) => each(so), bytes);
    const cuts = [...new Set(places.map((each) => each % (spoilt.length + 1)))].sort((one, other) => one - other);
    return { ...rest, bytes: spoilt, cuts, isLogin: true };
  });
