/** What the portable framer tells about a stream, in a form that can be compared. */
import { eventKind } from '../../../src/engine/envelope.js';
import type { Limits } from '../../../src/engine/port.js';
import { Framer } from '../../../src/engine/portable/framer.js';
import { childPatterns } from '../../../src/protocol/stanza-children.js';

export interface Frame {
  /** Kind and flags. */
  readonly kind: number;
  readonly bytes: string;
  /** TO to FROM_CUT. */
  readonly words: readonly number[];
}

export interface Framed {
  readonly frames: readonly Frame[];
  readonly failure: number;
}

/** Feeds the pieces; `seen` is called for each event before the framer goes on. */
export function frame(chunks: readonly Buffer[], limits: Limits, seen: (framer: Framer) => void = () => {}): Framed {
  const framer = new Framer(limits, childPatterns);
  const frames: Frame[] = [];
  for (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      at = framer.feed(chunk, at);
      if (framer.event === 0) continue;
      if (framer.event === eventKind.STREAM_FAILED) return { frames, failure: framer.failure };
      frames.push(frameOf(framer));
      if (framer.event === eventKind.STREAM_CLOSED) return { frames, failure: 0 };
      seen(framer);
      framer.take();
    }
  }
  return { frames, failure: 0 };
}

function frameOf(framer: Framer): Frame {
  const outline = framer.event === eventKind.STREAM_CLOSED ? undefined : framer.outline;
  const bytes = framer.bytes.toString('latin1');
  if (!outline) return { kind: framer.event, bytes, words: Array<number>(9).fill(0) };
  const { to, from, id, lang, stanzaWord, childrenLow, childrenHigh, head, fromCut, flags } = outline;
  return {
    kind: framer.event | flags,
    bytes,
    words: [to, from, id, lang, stanzaWord, childrenLow, childrenHigh, head, fromCut],
  };
}
