/** The parts of a browser that the chat client needs, for tests without one: an XML parser, and a socket with a server behind it. */
import { DOMParser } from '@xmldom/xmldom';
import type { SocketLike } from '../../../web/xmpp/stream.js';
import { type DomElement, fromDom, type Xml } from '../../../web/xmpp/xml.js';

export function parseXml(text: string): Xml {
  const found = new DOMParser({
    onError: (_level, message) => {
      throw new Error(message);
    },
  }).parseFromString(text, 'text/xml');
  return fromDom(found.documentElement as unknown as DomElement);
}

/** A socket whose other end is the test. */
export class FakeSocket implements SocketLike {
  onopen: SocketLike['onopen'] = null;
  onmessage: SocketLike['onmessage'] = null;
  onclose: SocketLike['onclose'] = null;
  readonly sent: Xml[] = [];
  isClosed = false;
  readonly #waiting: ((element: Xml) => void)[] = [];
  #next = 0;

  send(text: string): void {
    this.sent.push(parseXml(text));
    const waiting = this.#waiting.shift();
    if (waiting) waiting(this.sent[this.#next++] as Xml);
  }

  close(): void {
    this.isClosed = true;
  }

  /** The next element that the client sends. */
  read(): Promise<Xml> {
    if (this.#next < this.sent.length) return Promise.resolve(this.sent[this.#next++] as Xml);
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  open(): void {
    this.onopen?.({} as never);
  }

  receive(text: string): void {
    this.onmessage?.({ data: text });
  }

  /** The connection breaks. */
  drop(): void {
    this.onclose?.({ code: 1006 });
  }
}

const FRAMING = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'";
const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const STREAM = "xmlns='http://etherx.jabber.org/streams'";
const SM = "xmlns='urn:xmpp:sm:3'";

/** What a small server says, step by step. Each step asserts nothing: the test looks at `sent`. */
export class Script {
  readonly socket: FakeSocket;

  constructor(socket: FakeSocket) {
    this.socket = socket;
  }

  async offer(features: string): Promise<void> {
    await this.socket.read();
    this.socket.receive(`<open ${FRAMING} from='localhost' version='1.0'/>`);
    this.socket.receive(`<features ${STREAM}>${features}</features>`);
  }

  /** The login of a server that takes PLAIN, up to the features behind it. */
  async plainLogin(features = ''): Promise<void> {
    this.socket.open();
    await this.offer(`<mechanisms ${SASL}><mechanism>PLAIN</mechanism></mechanisms>`);
    await this.socket.read();
    this.socket.receive(`<success ${SASL}/>`);
    await this.offer(`<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/><sm ${SM}/>${features}`);
  }

  /** Binding and `enable`. */
  async newSession(jid: string, id = 'first'): Promise<void> {
    const bind = await this.socket.read();
    this.socket.receive(
      `<iq xmlns='jabber:client' type='result' id='${bind.attrs['id']}'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><jid>${jid}</jid></bind></iq>`,
    );
    await this.socket.read();
    this.socket.receive(`<enabled ${SM} id='${id}' resume='true'/>`);
  }
}
