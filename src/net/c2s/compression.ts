/** The negotiation of stream compression on client streams (XEP-0138): only of an authenticated one, and before it is bound. */
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { C2sStream } from './c2s-stream.js';

const METHOD = 'zlib';

/** The stream feature, where the listener has the option and the engine the means. */
export function compressionFeature({ entrance, connection }: C2sStream): Element | undefined {
  if (entrance.settings.zlib === undefined || !connection.canCompress) return undefined;
  return el('compression', { xmlns: ns.COMPRESS_FEATURE }, el('method', {}, METHOD));
}

/** A `<compress/>` that this listener has to answer, be it with a failure. */
export function isCompressRequest(element: Element, { entrance }: C2sStream): boolean {
  return element.is('compress', ns.COMPRESS) && entrance.settings.zlib !== undefined;
}

/** Answers the request: true when a new stream begins, compressed. A failure leaves the stream as it is (XEP-0138 section 3). */
export function compress(stream: C2sStream, request: Element): boolean {
  const method = request.childText('method')?.trim();
  if (method !== undefined && method !== '' && method !== METHOD) refuseCompression(stream, 'unsupported-method');
  else if (method === METHOD && stream.connection.startCompression(el('compressed', { xmlns: ns.COMPRESS }).toXml()))
    return true;
  else refuseCompression(stream, 'setup-failed');
  return false;
}

export function refuseCompression(stream: C2sStream, condition: 'setup-failed' | 'unsupported-method'): void {
  stream.services.log.info('c2s.compression.refused', { condition, ip: stream.ip });
  stream.connection.write(el('failure', { xmlns: ns.COMPRESS }, el(condition)).toXml());
}
