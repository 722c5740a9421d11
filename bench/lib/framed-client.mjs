/** A client without a socket: its frames go straight into the shard, as those of a WebSocket would (RFC 7395). */
const OPEN = frame("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
const AUTH = frame("<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>");
const BIND = frame(
  "<iq xmlns='jabber:client' type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>",
);
const PRESENCE = frame("<presence xmlns='jabber:client'/>");
const FACTS = {
  ...{ remoteAddress: '127.0.0.1', remotePort: 1, localAddress: '127.0.0.1', localPort: 1 },
  ...{ tls: undefined, proxied: undefined, bindings: {} },
};
const PATIENCE_MS = 20_000;

export class FramedClient {
  #carrier;
  /** Set while an answer is awaited: a client that says nothing should cost nothing. */
  #waiting;

  /** `entrance` is what `admitFrames` gave. */
  constructor(entrance) {
    this.#carrier = entrance.attach(FACTS, this);
    if (!this.#carrier) throw new Error('the shard takes no more clients');
  }

  async login(isAvailable) {
    await this.#ask(OPEN, '</stream:features>');
    await this.#ask(AUTH, '<success');
    await this.#ask(OPEN, '</stream:features>');
    await this.#ask(BIND, '</iq>');
    if (isAvailable) await this.#ask(PRESENCE, '<presence');
  }

  frame(bytes) {
    if (this.#waiting && Buffer.from(bytes).includes(this.#waiting.expected)) this.#settle();
    return true;
  }

  readOn() {}

  released() {
    this.#settle(new Error('the server has closed the stream'));
  }

  #ask(bytes, expected) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#settle(new Error(`${expected} did not come`)), PATIENCE_MS);
      this.#waiting = { expected, resolve, reject, timer };
      this.#carrier.feed(bytes, true);
    });
  }

  #settle(error) {
    if (!this.#waiting) return;
    const { resolve, reject, timer } = this.#waiting;
    this.#waiting = undefined;
    clearTimeout(timer);
    if (error) reject(error);
    else resolve();
  }
}

function frame(text) {
  return Buffer.from(text);
}
