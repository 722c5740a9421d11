/** The header of a stream that comes in frames, as `tree` gives that of any stream. */
import type { Element } from '../protocol/element.js';
import { ns } from '../protocol/namespaces.js';

/** RFC 7395 section 3.4: an `<open/>` declares no content namespace; stanzas are in `jabber:client`. Other headers stay as they are. */
export function frameHeader(header: Element): Element {
  if (header.ns !== ns.FRAMING) return header;
  header.attrs['xmlns'] = ns.CLIENT;
  header.children.length = 0;
  return header;
}
