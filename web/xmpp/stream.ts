/** An XMPP stream over WebSocket (RFC 7395): one element a message, asked for one by one, or handed to a listener. */
import { Failure } from './failure.js';
import { ns } from './namespaces.js';
import { type Xml, xml } from './xml.js';

/** As much of a `WebSocket` as is needed. */
export interface SocketLike {
  onopen: ((event: never) => void) | null;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
  onclose: ((event: { readonly code: number }) => void) | null;
  send(text: string): void;
  close(code?: number): void;
}

export type ParseXml = (text: string) => Xml;

export interface StreamListener {
  element(element: Xml): void;
  /** The last call. The failure is what the server said, or `connection-lost`. */
  ended(failure: Failure): void;
}

export class XmppStream {
  readonly #socket: SocketLike;
  readonly #parse: ParseXml;
  /** What nobody has asked for yet. */
  readonly #inbox: Xml[] = [];
  #waiting: { take(element: Xml): void; fail(failure: Failure): void } | undefined;
  #listener: StreamListener | undefined;
  #failure: Failure | undefined;

  private constructor(socket: SocketLike, parse: ParseXml) {
    this.#socket = socket;
    this.#parse = parse;
  }

  /** Resolves when the socket is open. */
  static connect(socket: SocketLike, parse: ParseXml): Promise<XmppStream> {
    const stream = new XmppStream(socket, parse);
    return new Promise((resolve, reject) => {
      socket.onopen = () => resolve(stream);
      socket.onmessage = ({ data }) => stream.#received(data);
      socket.onclose = () => {
        stream.#end(new Failure('connection-lost'));
        reject(stream.#failure);
      };
    });
  }

  /** Begins the stream, or begins it anew behind the login. Returns what the server offers. */
  async open(domain: string): Promise<Xml> {
    this.send(xml('open', ns.FRAMING, { to: domain, version: '1.0' }));
    const answer = await this.next();
    if (!answer.is('open', ns.FRAMING)) throw new Failure('invalid-xml', `<${answer.name}/> in place of <open/>`);
    const features = await this.next();
    if (!features.is('features', ns.STREAM)) throw new Failure('invalid-xml', `no features, but <${features.name}/>`);
    return features;
  }

  send(element: Xml): void {
    if (this.#failure === undefined) this.#socket.send(element.write());
  }

  /** The next element. Rejects with the `Failure` that ended the stream. One call at a time. */
  next(): Promise<Xml> {
    const first = this.#inbox.shift();
    if (first) return Promise.resolve(first);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((take, fail) => {
      this.#waiting = { take, fail };
    });
  }

  /** From now on elements go there. */
  listen(listener: StreamListener): void {
    this.#listener = listener;
    for (const element of this.#inbox.splice(0)) listener.element(element);
    if (this.#failure) listener.ended(this.#failure);
  }

  /** RFC 7395 section 3.6: says goodbye, and does not wait for an answer. */
  close(): void {
    this.send(xml('close', ns.FRAMING));
    this.abort(new Failure('closed'));
  }

  /** At once and without a word. */
  abort(failure: Failure): void {
    this.#end(failure);
    this.#socket.close();
  }

  #received(data: unknown): void {
    if (this.#failure) return;
    let element: Xml;
    try {
      element = this.#parse(String(data));
    } catch {
      this.abort(new Failure('not-well-formed'));
      return;
    }
    if (element.is('error', ns.STREAM)) this.abort(Failure.ofStream(element));
    else if (element.is('close', ns.FRAMING))
      this.abort(new Failure('connection-lost', 'the server closed the stream'));
    else this.#deliver(element);
  }

  #deliver(element: Xml): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting) waiting.take(element);
    else if (this.#listener) this.#listener.element(element);
    else this.#inbox.push(element);
  }

  #end(failure: Failure): void {
    if (this.#failure) return;
    this.#failure = failure;
    this.#waiting?.fail(failure);
    this.#waiting = undefined;
    this.#listener?.ended(failure);
  }
}
