/** How the clients of stories reach a server: by the port that they connect to. */
import { type Element, Element as LtxElement, parse } from 'ltx';

export type Transport = 'TCP' | 'WebSocket' | 'BOSH';

const byPort = new Map<number, Transport>();

/** Clients that connect to this port will speak so. Others speak TCP. */
export function speaks(port: number, transport: Transport): number {
  byPort.set(port, transport);
  return port;
}

export function transportOf(port: number): Transport {
  return byPort.get(port) ?? 'TCP';
}

const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const TAG = /<(\/?)([^\s>/]+)(?:[^>"']|"[^"]*"|'[^']*')*?(\/?)>/g;

/** What a client would write into a stream, as frames: one for each element, and for what is left open at the end. */
export function toFrames(text: string): string[] {
  const frames: string[] = [];
  let depth = 0;
  let start = 0;
  const cut = (end: number) => {
    if (text.slice(start, end).trim() !== '') frames.push(framed(text.slice(start, end).trim()));
    start = end;
  };
  for (const { 0: tag, 1: closes, 2: name, 3: isEmpty, index } of text.matchAll(TAG)) {
    if (tag.startsWith('<?')) start = index + tag.length;
    else if (name === 'stream:stream') cut(index + tag.length);
    else {
      if (closes) depth--;
      else if (!isEmpty) depth++;
      if (depth === 0) cut(index + tag.length);
    }
  }
  cut(text.length);
  return frames;
}

/** RFC 7395 sections 3.4 and 3.6. */
function framed(text: string): string {
  if (text === '</stream:stream>') return `<close xmlns='${FRAMING}'/>`;
  const attributes = /^<stream:stream(.*)>$/s.exec(text)?.[1];
  if (attributes === undefined) return text;
  return `<open xmlns='${FRAMING}'${attributes.replace(/\sxmlns(?::stream)?='[^']*'/g, '')}/>`;
}

export type FromFrame =
  | { readonly kind: 'open' | 'element'; readonly element: Element }
  | { readonly kind: 'close'; readonly element: Element };

/** Every frame stands alone (RFC 7395 section 3.3.3); the element is shown as one that came in a stream. */
export function fromFrame(text: string): FromFrame {
  const element = parse(text);
  const ns = element.getNS();
  if (ns === undefined || ns === '') throw new Error(`a frame without a namespace: ${text}`);
  if (ns === FRAMING) return { kind: element.is('open') ? 'open' : 'close', element };
  if (element.attrs['xmlns'] === 'jabber:client') {
    delete element.attrs['xmlns'];
    element.parent = new LtxElement('stream:stream', { xmlns: 'jabber:client' });
  }
  return { kind: 'element', element };
}
