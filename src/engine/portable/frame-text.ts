/** What text that was written for a stream needs to stand alone in a frame (RFC 7395 section 3.3.3). */

const CLIENT = " xmlns='jabber:client'";
const STREAM = " xmlns:stream='http://etherx.jabber.org/streams'";
const GREATER_THAN = 0x3e;
const TAG_NAME = /^<(?:([^\s/>:!?]+):)?[^\s/>:!?]+(?=[\s/>])/;
const VALUES = /"[^"]*"|'[^']*'/g;

/** The element, with the declarations that its tag leaves to a stream header. */
export function standingAlone(element: Buffer): Uint8Array {
  const tag = startTag(element);
  const name = TAG_NAME.exec(tag);
  if (!name) return element;
  const prefix = name[1];
  if (prefix !== undefined && prefix !== 'stream') return element;
  const attributes = tag.slice(name[0].length).replace(VALUES, '');
  const declared = prefix === undefined ? /\sxmlns\s*=/ : /\sxmlns:stream\s*=/;
  if (declared.test(attributes)) return element;
  const end = Buffer.byteLength(name[0]);
  const declaration = Buffer.from(prefix === undefined ? CLIENT : STREAM);
  return Buffer.concat([element.subarray(0, end), declaration, element.subarray(end)]);
}

/** Up to the first `>` that stands in no value. */
function startTag(element: Buffer): string {
  let quote = 0;
  for (let at = 0; at < element.length; at++) {
    const byte = element[at] as number;
    if (quote !== 0) quote = byte === quote ? 0 : quote;
    else if (byte === 0x22 || byte === 0x27) quote = byte;
    else if (byte === GREATER_THAN) return element.utf8Slice(0, at + 1);
  }
  return '';
}
