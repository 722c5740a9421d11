/** Reads one element that did not come by a stream: stored, from another shard, or from a WebSocket. */
import type { ChildPattern } from '../../protocol/stanza-children.js';
import { eventKind } from '../envelope.js';
import type { Limits } from '../port.js';
import { isSpace } from './characters.js';
import { Framer } from './framer.js';
import type { Outline } from './outline.js';

export interface Fragment {
  readonly bytes: Buffer;
  readonly outline: Outline | undefined;
}

/** Whoever calls has the bytes already; depth is bounded because trees are walked recursively. */
const LIMITS: Limits = {
  maxStanzaBytes: 0xffff_ffff,
  maxDepth: 1024,
  maxAttributes: 256,
  maxTagBytes: 65_535,
  maxChildren: 0xffff_ffff,
  maxBytesBeforeAuthentication: 0,
};

/** Six times what a stream may send, for characters become references. */
const MAX_NAMESPACE_BYTES = 6144;

/** Undefined unless this is one whole element, with nothing but white space around it. */
export function readFragment(xml: Uint8Array, patterns: readonly ChildPattern[]): Fragment | undefined {
  const framer = new Framer(LIMITS, patterns, MAX_NAMESPACE_BYTES);
  framer.beginFragment();
  const end = framer.feed(xml, 0);
  if (framer.event !== eventKind.ELEMENT || !xml.subarray(end).every(isSpace)) return undefined;
  return { bytes: framer.bytes, outline: framer.outline };
}
