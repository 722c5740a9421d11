/** The fixed texts of a stream: its header and its end (RFC 6120 sections 4.2 and 4.4). */
import { escapeXml } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

export interface HeaderFields {
  readonly id: string;
  /** The domain that answers. */
  readonly from: string;
  /** The address that the peer gave as its own, when it is a valid one. */
  readonly to?: string | undefined;
  readonly lang: string;
  readonly contentNs: string;
}

export function streamHeader({ id, from, to, lang, contentNs }: HeaderFields): string {
  const toText = to === undefined ? '' : ` to='${escapeXml(to)}'`;
  return (
    `<?xml version='1.0'?><stream:stream xmlns='${contentNs}' xmlns:stream='${ns.STREAM}' id='${id}'` +
    ` from='${escapeXml(from)}'${toText} version='1.0' xml:lang='${escapeXml(lang)}'>`
  );
}

export const STREAM_END = '</stream:stream>';
