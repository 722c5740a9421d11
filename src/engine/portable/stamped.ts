/** Puts the server's `from` in the place of the one that a client wrote (RFC 6120 section 8.1.2.1). */
import { escapeXml } from '../../protocol/element.js';
import { envelopeFlag, eventKind, word } from '../envelope.js';
import type { Batch } from './batch.js';

/** The element as it goes elsewhere; undefined for what must not leave as it is. */
export function stamped(batch: Batch, envelope: number): Buffer | undefined {
  if (!batch.has(envelope)) return undefined;
  const kind = batch.kind(envelope);
  const bytes = batch.bytes(envelope);
  if ((batch.word(envelope, word.KIND) & envelopeFlag.FOREIGN_SCOPE) !== 0) return undefined;
  // Its own shard has stamped it.
  if (kind === eventKind.ROUTED) return Buffer.from(bytes);
  const from = batch.origin(envelope)?.sender.stampText;
  // An address that nobody vouched for must not leave.
  if (kind !== eventKind.ELEMENT || !from) return undefined;

  const nameEnd = batch.word(envelope, word.HEAD) & 0xffff;
  const cut = batch.word(envelope, word.FROM_CUT);
  const cutStart = cut === 0 ? nameEnd : cut >>> 16;
  return Buffer.concat([
    bytes.subarray(0, nameEnd),
    Buffer.from(` from='${escapeXml(from)}'`),
    bytes.subarray(nameEnd, cutStart),
    bytes.subarray(cutStart + (cut & 0xffff)),
  ]);
}
