/** BOSH as a client has it (XEP-0124): what is sent and comes back are frames, as over WebSocket. */
import { Agent, type ClientRequest, request as post } from 'node:http';
import { Socket } from 'node:net';
import { Element, parse } from 'ltx';

const HTTP_BIND = 'http://jabber.org/protocol/httpbind';
const XBOSH = 'urn:xmpp:xbosh';
const FRAMING = 'urn:ietf:params:xml:ns:xmpp-framing';
const STREAMS = 'http://etherx.jabber.org/streams';
const REQUESTS = 2;

export interface RawBoshOptions {
  readonly path?: string;
  readonly host?: string;
  readonly from?: string | undefined;
  /** More attributes of the first request. */
  readonly attributes?: Readonly<Record<string, string>>;
  /** Where each of its connections goes, if not always to the same port. */
  readonly ports?: readonly number[];
}

type Attributes = Readonly<Record<string, string | undefined>>;
interface Outgoing {
  readonly attributes: Attributes;
  payload: string;
}

export interface BoshReply {
  readonly status: number;
  readonly fields: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
}

/** One POST request; rejects when the connection breaks. */
export function postBody(
  port: number,
  text: string,
  { path = '/http-bind', host = 'localhost', from }: RawBoshOptions = {},
  agent?: Agent,
  begun: (request: ClientRequest) => void = () => {},
): Promise<BoshReply> {
  return new Promise((resolve, reject) => {
    const headers = { host, 'content-type': 'text/xml; charset=utf-8', 'content-length': Buffer.byteLength(text) };
    const options = { host: '127.0.0.1', port, path, method: 'POST', headers, ...(from && { localAddress: from }) };
    const request = post({ ...options, ...(agent && { agent }) }, (response) => {
      const parts: Buffer[] = [];
      response.on('data', (part: Buffer) => parts.push(part));
      response.on('error', reject);
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, fields: response.headers, text: Buffer.concat(parts).toString() });
      });
    });
    request.on('error', reject);
    begun(request);
    request.end(text);
  });
}

export function bodyText(attributes: Attributes, payload = ''): string {
  const body = new Element('body', { xmlns: HTTP_BIND, ...attributes });
  const empty = body.toString();
  return payload === '' ? empty : `${empty.replace(/\/>$/, '>')}${payload}</body>`;
}

/** The connections of a client, as one. */
class Connections extends Socket {
  onEnd: () => void = () => {};

  override end(): this {
    this.onEnd();
    return this;
  }
}

export class RawBosh {
  /** Stands for the connections: destroying it breaks all of them. */
  readonly socket = new Connections();
  onText: (text: string) => void = () => {};
  onClosed: () => void = () => {};
  sid: string | undefined;
  /** The answer with which the session began. */
  creation: Element | undefined;
  /** The answer that ended the session. */
  end: Element | undefined;
  /** No more requests of its own. */
  isSilent = false;
  rid = Math.floor(Math.random() * 2 ** 40) + 1;
  readonly #ports: readonly number[];
  readonly #options: RawBoshOptions;
  readonly #agent: Agent;
  readonly #queue: Outgoing[] = [];
  readonly #answers = new Map<number, string>();
  #outstanding = 0;
  #heard: number;
  /** Behind the last request with a payload. */
  #payloadUpTo = 0;
  #flushed: (() => void) | undefined;
  #isOver = false;

  constructor(port: number, options: RawBoshOptions = {}) {
    this.#ports = options.ports ?? [port];
    this.#options = options;
    this.#heard = this.rid;
    this.#agent = new Agent({ keepAlive: true });
    this.socket.on('close', () => this.#over());
    this.socket.onEnd = () => void this.#lose();
  }

  /** Sends one frame. */
  text(frame: string): void {
    const root = frame.startsWith('<open ') || frame.startsWith('<close ') ? parse(frame) : undefined;
    if (root?.is('open', FRAMING)) this.#queue.push({ attributes: this.#opening(root), payload: '' });
    else if (root?.is('close', FRAMING)) this.#queue.push({ attributes: { type: 'terminate' }, payload: '' });
    else {
      const last = this.#queue.at(-1);
      if (last && Object.keys(last.attributes).length === 0) last.payload += frame;
      else this.#queue.push({ attributes: {}, payload: frame });
    }
    setImmediate(() => this.#pump());
  }

  /** Breaks the connections without a word. */
  fallSilent(): void {
    this.sid = undefined;
    this.destroy();
  }

  destroy(): void {
    this.socket.destroy();
  }

  #opening({ attrs }: Element): Attributes {
    const { to, from, version } = attrs as Record<string, string>;
    const common = { to, from, 'xml:lang': attrs['xml:lang'] as string, 'xmlns:xmpp': XBOSH };
    if (this.sid !== undefined) return { ...common, 'xmpp:restart': 'true' };
    const own = { ver: '1.11', wait: '30', hold: '1', ...this.#options.attributes };
    return { ...common, ...own, 'xmpp:version': version };
  }

  #pump(): void {
    if (this.#isOver || this.isSilent) return;
    // Before there is a session there is nothing to be added to it.
    while (this.#outstanding < (this.sid === undefined ? 1 : REQUESTS)) {
      const next = this.#queue.shift();
      if (next) this.#post(next);
      else if (this.#outstanding === 0 && this.sid !== undefined) this.#post({ attributes: {}, payload: '' });
      else if (this.#flushed && this.#heard < this.#payloadUpTo) this.#post({ attributes: {}, payload: '' });
      else break;
    }
    if (this.#queue.length === 0 && this.#heard >= this.#payloadUpTo) this.#flushed?.();
  }

  #post({ attributes, payload }: Outgoing): void {
    const rid = this.rid++;
    if (payload !== '') this.#payloadUpTo = rid + 1;
    this.#outstanding++;
    const text = bodyText({ ...attributes, rid: String(rid), sid: this.sid }, payload);
    const port = this.#ports[rid % this.#ports.length] as number;
    postBody(port, text, this.#options, this.#agent).then(
      (reply) => this.#answered(rid, reply),
      () => this.destroy(),
    );
  }

  #answered(rid: number, { status, text }: BoshReply): void {
    if (status !== 200) return this.destroy();
    this.#answers.set(rid, text);
    for (let answer = this.#answers.get(this.#heard); answer !== undefined; answer = this.#answers.get(this.#heard)) {
      this.#answers.delete(this.#heard++);
      this.#outstanding--;
      this.#hear(parse(answer));
    }
    this.#pump();
  }

  #hear(body: Element): void {
    if (this.#isOver) return;
    const { sid, authid, from, type, condition } = body.attrs as Record<string, string | undefined>;
    if (sid !== undefined) {
      this.sid = sid;
      this.creation = body;
    }
    const id = authid ?? this.creation?.attrs['authid'];
    for (const child of body.getChildElements()) {
      if (child.is('features', STREAMS)) {
        const domain = from ?? (this.creation?.attrs['from'] as string | undefined);
        this.onText(new Element('open', { xmlns: FRAMING, id, from: domain, version: '1.0' }).toString());
      }
      this.onText(child.toString());
    }
    if (type !== 'terminate') return;
    this.end = body;
    // This condition of BOSH stands for the error of the stream.
    if (condition === 'host-unknown') this.onText(streamError(condition));
    this.onText(`<close xmlns='${FRAMING}'/>`);
    this.destroy();
  }

  /** What was sent gets there, and nothing is taken any more. */
  async #lose(): Promise<void> {
    await new Promise(setImmediate);
    await new Promise<void>((resolve) => {
      this.#flushed = resolve;
      this.#pump();
    });
    await this.#hurry();
    this.destroy();
  }

  /** The server would wait for us; a request far beyond the window ends that wait (XEP-0124 section 14.2), not the stream in order. */
  async #hurry(): Promise<void> {
    if (this.end || this.sid === undefined) return;
    const [port] = this.#ports;
    const text = bodyText({ rid: String(this.rid + 1_000), sid: this.sid });
    await postBody(port as number, text, this.#options).catch(() => {});
  }

  #over(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    void this.#hurry();
    this.#agent.destroy();
    this.onClosed();
  }
}

function streamError(condition: string): string {
  const inner = `<${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/>`;
  return `<stream:error xmlns:stream='${STREAMS}'>${inner}</stream:error>`;
}
