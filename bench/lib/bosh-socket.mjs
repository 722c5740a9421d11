/** A client's end of BOSH (XEP-0124), in the shape of a socket: each write is one request, each `data` the body of an answer. */
import { randomInt } from 'node:crypto';
import { EventEmitter } from 'node:events';

const BODY = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'";
/** Seconds for which a request waits at the server. */
export const BOSH_WAIT = 5;
const CREATION = ` to='localhost' hold='1' wait='${BOSH_WAIT}' ver='1.6' xmpp:version='1.0'`;
const NOTHING = Buffer.alloc(0);

/** Uses one connection, and therefore asks nothing before it has an answer. */
export class BoshSocket extends EventEmitter {
  isBosh = true;
  #socket;
  #sid;
  #rid = randomInt(1, 2 ** 40);
  #received = NOTHING;
  #isResting = false;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('data', (data) => this.#read(data));
    socket.on('close', () => this.emit('close'));
    socket.on('error', (error) => this.emit('error', error));
  }

  /** A session begins, or its stream anew. */
  open() {
    this.#post(this.#sid === undefined ? CREATION : " to='localhost' xmpp:restart='true'", '');
  }

  /** Leaves a request at the server, over and over, as every client does that waits for something to be said. */
  rest() {
    this.#isResting = true;
    this.#post('', '');
  }

  write(xml) {
    this.#post('', xml.replace(/^<(iq|presence|message)/, "<$1 xmlns='jabber:client'"));
  }

  pause() {
    return this;
  }

  resume() {
    return this;
  }

  destroy() {
    this.#socket.destroy();
  }

  #post(attributes, content) {
    const sid = this.#sid === undefined ? '' : ` sid='${this.#sid}'`;
    const body = `${BODY} rid='${this.#rid++}'${sid}${attributes}>${content}</body>`;
    const fields = `Host: localhost\r\nContent-Type: text/xml; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}`;
    this.#socket.write(`POST /http-bind HTTP/1.1\r\n${fields}\r\n\r\n${body}`);
  }

  #read(data) {
    this.#received = Buffer.concat([this.#received, data]);
    const end = this.#received.indexOf('\r\n\r\n');
    const length = /\r\ncontent-length: (\d+)/i.exec(this.#received.toString('latin1', 0, Math.max(end, 0)))?.[1];
    if (length === undefined || this.#received.length < end + 4 + Number(length)) return;
    const body = this.#received.subarray(end + 4);
    this.#received = NOTHING;
    this.#sid ??= /\ssid=['"]([^'"]+)/.exec(body.toString())?.[1];
    if (this.#isResting) this.#post('', '');
    else this.emit('data', body);
  }
}
