/** Both engines are told the same streams, and have to tell the same. MEERKAT_FUZZ_RUNS sets how many, MEERKAT_FUZZ_SEED which. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { loadNativeEngine } from '../../../src/engine/native/native-addon.js';
import { createPortableEngine } from '../../../src/engine/portable/portable-engine.js';
import { frame } from '../../support/engine/frames.js';
import { LIMITS } from '../../support/engine/harness.js';
import { RECORDED, recordedCase } from '../../support/engine/recorded.js';
import { Replay } from '../../support/engine/replay.js';
import { pieces, streamCase } from '../../support/engine/streams.js';

const RUNS = Number(process.env['MEERKAT_FUZZ_RUNS'] ?? 200);
const SEED = Number(process.env['MEERKAT_FUZZ_SEED'] ?? 20_251);
const TIMEOUT_MS = 30_000 + RUNS * 200;

const native = loadNativeEngine();

describe('streams of any kind', () => {
  test(
    'the portable framer: where the bytes are cut makes no difference',
    () => {
      fc.assert(
        fc.property(streamCase, (stream) => {
          expect(frame(pieces(stream), stream.limits)).toEqual(frame([stream.bytes], stream.limits));
        }),
        { numRuns: RUNS * 5, seed: SEED },
      );
    },
    TIMEOUT_MS,
  );

  test(
    'the portable framer: never holds more than the limit',
    () => {
      fc.assert(
        fc.property(streamCase, (stream) => {
          frame(pieces(stream), stream.limits, (framer) => {
            expect(framer.bytes.length).toBeLessThanOrEqual(stream.limits.maxStanzaBytes);
          });
        }),
        { numRuns: RUNS, seed: SEED + 1 },
      );
    },
    TIMEOUT_MS,
  );

  describe.skipIf('unavailable' in native)('on both engines', () => {
    let portable: Replay;
    let other: Replay;

    beforeAll(async () => {
      if ('unavailable' in native) return;
      const { createNativeEngine } = await import('../../../src/engine/native/native-engine.js');
      portable = await Replay.start(createPortableEngine);
      other = await Replay.start(async (options) => createNativeEngine(native, options));
    });

    afterAll(() => {
      portable?.stop();
      other?.stop();
    });

    test(
      'the same events, bytes, words, failures and trees',
      async () => {
        await fc.assert(
          fc.asyncProperty(streamCase, async (stream) => {
            expect(await portable.run(stream)).toEqual(await other.run(stream));
          }),
          { numRuns: RUNS, seed: SEED + 2 },
        );
      },
      TIMEOUT_MS,
    );

    test('what real clients sent, as it was, is read to its end', async () => {
      for (const bytes of RECORDED) {
        const stream = { bytes, cuts: [], limits: LIMITS, isStreaming: true, isLogin: true };
        const heard = await portable.run(stream);
        expect(heard).toEqual(await other.run(stream));
        expect(heard.filter(({ kind }) => (kind & 0xff) === eventKind.STREAM_OPENED)).toHaveLength(2);
        expect((heard.at(-1)?.kind ?? 0) & 0xff).toBe(eventKind.STREAM_CLOSED);
      }
    });

    test(
      'what real clients sent, and what became of it on its way',
      async () => {
        await fc.assert(
          fc.asyncProperty(recordedCase, async (stream) => {
            expect(await portable.run(stream)).toEqual(await other.run(stream));
          }),
          { numRuns: RUNS, seed: SEED + 5 },
        );
      },
      TIMEOUT_MS,
    );

    test(
      'parse: the same trees, or none, for whatever is between two tags',
      () => {
        fc.assert(
          fc.property(streamCase, fc.nat(), fc.nat(), ({ bytes }, from, to) => {
            const start = Math.max(bytes.indexOf('<', from % bytes.length), 0);
            const xml = bytes.subarray(start, bytes.indexOf('>', start + (to % (bytes.length - start))) + 1);
            expect(portable.parse(xml)).toEqual(other.parse(xml));
          }),
          { numRuns: RUNS * 5, seed: SEED + 3 },
        );
      },
      TIMEOUT_MS,
    );

    test(
      'parse: the same trees for whole elements',
      () => {
        let parsed = 0;
        fc.assert(
          fc.property(streamCase, ({ bytes, limits }) => {
            for (const { kind, bytes: text } of frame([bytes], limits).frames) {
              if ((kind & 0xff) !== eventKind.ELEMENT) continue;
              const xml = Buffer.from(text, 'latin1');
              expect(portable.parse(xml)).toEqual(other.parse(xml));
              parsed += 1;
            }
          }),
          { numRuns: RUNS, seed: SEED + 4 },
        );
        expect(parsed).toBeGreaterThan(RUNS / 4);
      },
      TIMEOUT_MS,
    );
  });
});
