/** The fixed texts of a stream: its header and its end (RFC 6120 sections 4.2 and 4.4, RFC 7395 sections 3.4 and 3.6). */
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

export function streamHeader(fields: HeaderFields): string {
  const declared = `xmlns='${fields.contentNs}' xmlns:stream='${ns.STREAM}'`;
  return `<?xml version='1.0'?><stream:stream ${declared}${attributes(fields)}>`;
}

/** The same for a stream whose elements come in frames, each of which stands alone. */
export function framedHeader(fields: HeaderFields): string {
  return `<open xmlns='${ns.FRAMING}'${attributes(fields)}/>`;
}

export const STREAM_END = '</stream:stream>';
export const FRAMED_END = `<close xmlns='${ns.FRAMING}'/>`;

/** The client is to connect under that address instead (RFC 7395 section 3.6.1). */
export function framedEndElsewhere(uri: string): string {
  return `<close xmlns='${ns.FRAMING}' see-other-uri='${escapeXml(uri)}'/>`;
}

function attributes({ id, from, to, lang }: HeaderFields): string {
  const toText = to === undefined ? '' : ` to='${escapeXml(to)}'`;
  return ` id='${id}' from='${escapeXml(from)}'${toText} version='1.0' xml:lang='${escapeXml(lang)}'`;
}
