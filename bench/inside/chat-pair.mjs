/** One of two clients that chat: sends numbered messages, and checks the numbers of those that come. */

const END = Buffer.from('</message>');
const ID = Buffer.from(" id='");
const REQUEST = "<r xmlns='urn:xmpp:sm:3'/>";
const QUOTE = 0x27;
const ZERO = 0x30;
/** Sending times are remembered for so many messages that are under way. */
const REMEMBERED = 65_536;

/** A chat message as a client writes it: 260 bytes, with body, chat state and a request for a receipt. */
export function chatText(to, id, from = '') {
  const start = `<message${from} to='${to}' type='chat' id='${id}'><body>`;
  const end =
    "</body><active xmlns='http://jabber.org/protocol/chatstates'/><request xmlns='urn:xmpp:receipts'/></message>";
  return `${start}${'Shall we meet? '.repeat(20).slice(0, Math.max(1, 260 - start.length - end.length))}${end}`;
}

const COPY = Buffer.from('</forwarded>');

/** Another device of somebody who chats: gets copies, and acknowledges them. */
export class Onlooker {
  copies = 0;
  fault;
  #socket;
  #tail = Buffer.alloc(0);

  constructor(socket, { isManaged }) {
    this.#socket = socket;
    socket.on('data', (data) => {
      const before = this.copies;
      this.#count(data);
      if (isManaged && this.copies > before) socket.write(`<a xmlns='urn:xmpp:sm:3' h='${this.copies}'/>`);
    });
    socket.on('close', () => (this.fault ??= 'the server closed the connection'));
    socket.on('error', (error) => (this.fault ??= String(error)));
    socket.resume();
  }

  end() {
    this.#socket.removeAllListeners('close').on('close', () => {});
    this.#socket.end('</stream:stream>');
  }

  #count(data) {
    const bytes = Buffer.concat([this.#tail, data]);
    let start = 0;
    for (let at = bytes.indexOf(COPY); at !== -1; at = bytes.indexOf(COPY, start)) {
      this.copies++;
      start = at + COPY.length;
    }
    this.#tail = bytes.subarray(Math.max(start, bytes.length - COPY.length + 1));
  }
}

export class Chatter {
  sent = 0;
  received = 0;
  reads = 0;
  /** The first thing that was wrong with what came. */
  fault;
  /** Called with the number of messages that a read has brought. */
  onMessages = () => {};
  #socket;
  #stamp;
  #isManaged;
  #to;
  #from;
  #rest = Buffer.alloc(0);
  #sentAt = new Float64Array(REMEMBERED);
  #peer;
  latencies = [];

  /**
   * `stamp` is written into each message where no server does it: ` from='…'`. A managed chatter asks for an acknowledgement with each
   * write, and gives one for each read.
   */
  constructor(socket, jid, { stamp = '', isManaged = false } = {}) {
    this.#socket = socket;
    this.#stamp = stamp;
    this.#isManaged = isManaged;
    this.jid = jid;
  }

  meet(peer) {
    this.#peer = peer;
    this.#to = peer.jid;
    this.#from = Buffer.from(` from='${peer.jid}'`);
    this.#socket.on('data', (data) => this.#read(data));
    this.#socket.on('close', () => (this.fault ??= 'the server closed the connection'));
    this.#socket.on('error', (error) => (this.fault ??= String(error)));
    this.#socket.resume();
  }

  /** So many messages in one write. `dueAt` is when the first should have gone out. */
  send(count, dueAt = performance.now()) {
    const texts = [];
    for (let i = 0; i < count; i++) {
      this.#sentAt[this.sent % REMEMBERED] = dueAt;
      texts.push(chatText(this.#to, this.sent++, this.#stamp));
    }
    if (this.#isManaged) texts.push(REQUEST);
    if (!this.#socket.isFramed) return void this.#socket.write(texts.join(''), 'latin1');
    this.#socket.cork();
    for (const text of texts) this.#socket.write(text);
    this.#socket.uncork();
  }

  end() {
    this.#socket.removeAllListeners('close').on('close', () => {});
    this.#socket.end('</stream:stream>');
  }

  #read(data) {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const before = this.received;
    let start = 0;
    for (let end = bytes.indexOf(END); end !== -1; end = bytes.indexOf(END, start)) {
      this.#check(bytes, start, end);
      start = end + END.length;
    }
    this.#rest = start === bytes.length ? bytes.subarray(0, 0) : bytes.subarray(start);
    this.reads++;
    if (this.received === before) return;
    if (this.#isManaged) this.#socket.write(`<a xmlns='urn:xmpp:sm:3' h='${this.received}'/>`);
    this.onMessages(this.received - before);
  }

  /** Each of the peer's messages comes once, in its order, and under the peer's name. */
  #check(bytes, start, end) {
    const at = bytes.indexOf(ID, start);
    let number = at === -1 || at > end ? Number.NaN : 0;
    for (let i = at + ID.length; bytes[i] !== QUOTE && i < end; i++) number = number * 10 + bytes[i] - ZERO;
    const from = bytes.indexOf(this.#from, start);
    if (number !== this.received || from === -1 || from > end) {
      this.fault ??= `expected message ${this.received}, got ${bytes.toString('latin1', start, Math.min(end, start + 200))}`;
    }
    this.latencies.push(performance.now() - this.#peer.#sentAt[this.received % REMEMBERED]);
    this.received++;
  }
}
