/** A client that is logged in: sends stanzas, answers what any client has to answer, and passes on the rest. */
import { conditionOf } from './login.mjs';
import { stanzaKind } from './transports/arena-view.mjs';

const SM = "xmlns='urn:xmpp:sm:3'";
const REQUEST = `<r ${SM}/>`;

export class AnswerError extends Error {
  /** No answer came at all. */
  isLate = false;
}

export class Session {
  jid;
  link;
  /** Sees each message; one of type error goes to `onBounce`. */
  onMessage = ignore;
  onPresence = ignore;
  /** Sees what the server tells of the contact list. */
  onRosterPush;
  /** A message of ours that came back. */
  onBounce = ignore;
  /** Requests without an answer yet. */
  #asked = new Map();
  #number = 0;
  #patienceMs;
  /** With XEP-0198: what it takes to resume, what came, what was sent and is not acknowledged. */
  #managed;
  #enabling;

  constructor(link, { jid, patienceMs }) {
    this.jid = jid;
    this.#patienceMs = patienceMs;
    this.#join(link);
  }

  get bareJid() {
    return this.jid.split('/')[0];
  }

  get domain() {
    return this.bareJid.split('@')[1];
  }

  /** What stands in a message where nobody stamps it with its sender. */
  get stamp() {
    return '';
  }

  /** False when the server does not keep up. */
  send(stanza) {
    if (this.#managed) this.#managed.unacknowledged.push(stanza);
    return this.link.send(stanza);
  }

  /** Becomes available: the server's own echo tells when that was heard. */
  available(content = '') {
    const stanza = content === '' ? '<presence/>' : `<presence>${content}</presence>`;
    const { onPresence } = this;
    return new Promise((resolve, reject) => {
      const timer = this.#timer(reject, 'the presence was not told of');
      this.onPresence = (view) => {
        onPresence(view);
        if (view.from !== this.jid) return;
        this.onPresence = onPresence;
        clearTimeout(timer);
        resolve();
      };
      this.send(stanza);
    });
  }

  /** Returns the answer as text; throws an `AnswerError` for an error. `to` may be absent. */
  ask(type, content, to) {
    const id = `q${this.#number++}`;
    const address = to === undefined ? '' : ` to='${to}'`;
    return new Promise((resolve, reject) => {
      const timer = this.#timer((error) => {
        this.#asked.delete(id);
        reject(error);
      }, `no answer to ${content}`);
      this.#asked.set(id, { resolve, reject, timer });
      this.send(`<iq type='${type}' id='${id}'${address}>${content}</iq>`);
    });
  }

  /** Has the stream managed (XEP-0198 section 3). Throws unless the server does it. */
  async manage() {
    const managed = { inbound: 0, unacknowledged: [], outbound: 0, id: undefined };
    const answer = await new Promise((resolve, reject) => {
      const timer = this.#timer(reject, 'no answer to <enable/>');
      managed.enabled = (text) => {
        clearTimeout(timer);
        resolve(text);
      };
      this.#enabling = managed;
      this.link.send(`<enable ${SM} resume='true'/>`);
    });
    if (!answer.startsWith('<enabled')) throw new AnswerError(`stream management was refused: ${conditionOf(answer)}`);
    managed.id = /\sid=['"]([^'"]+)/.exec(answer)?.[1];
    return managed.id !== undefined;
  }

  get isManaged() {
    return this.#managed !== undefined;
  }

  /** Asks the server how much it has. */
  requestAcknowledgement() {
    this.link.send(REQUEST);
  }

  /** Tells the server how much came. */
  acknowledge() {
    this.link.send(`<a ${SM} h='${this.#managed.inbound}'/>`);
  }

  /** On a new link that is authenticated: goes on where the old one broke (XEP-0198 section 5). False when the server forgot. */
  async resume(link) {
    const managed = this.#managed;
    link.send(`<resume ${SM} h='${managed.inbound}' previd='${managed.id}'/>`);
    const answer = await link.read();
    if (!answer.startsWith('<resumed')) return false;
    this.#acknowledged(Number(/\sh=['"](\d+)/.exec(answer)?.[1]));
    this.#join(link);
    for (const stanza of managed.unacknowledged) link.send(stanza);
    return true;
  }

  /** Ends in order. */
  end() {
    return this.link.close();
  }

  #join(link) {
    this.link = link;
    link.flow(this);
  }

  element(view) {
    const { kind } = view;
    if (kind === stanzaKind.NONZA) return this.#nonza(view.text);
    if (this.#managed) this.#managed.inbound++;
    if (kind === stanzaKind.MESSAGE) {
      if (view.type === 'error') this.onBounce(view.id, view);
      else this.onMessage(view);
    } else if (kind === stanzaKind.PRESENCE) this.onPresence(view);
    else this.#iq(view);
  }

  #iq(view) {
    const { type, id } = view;
    if (type === 'result' || type === 'error') {
      const asked = this.#asked.get(id);
      if (!asked) return;
      this.#asked.delete(id);
      clearTimeout(asked.timer);
      if (type === 'result') asked.resolve(view.text);
      else asked.reject(new AnswerError(conditionOf(view.text)));
    } else this.#answer(view);
  }

  /** Pings and roster pushes are confirmed; nothing else is expected of a client. */
  #answer({ id, from, text }) {
    const to = from === undefined ? '' : ` to='${from}'`;
    const isPush = text.includes('jabber:iq:roster');
    if (isPush) this.onRosterPush?.(text);
    if (isPush || text.includes('urn:xmpp:ping')) return void this.send(`<iq type='result' id='${id}'${to}/>`);
    const error = "<error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error>";
    this.send(`<iq type='error' id='${id}'${to}>${error}</iq>`);
  }

  #nonza(text) {
    if (text.startsWith('<r')) this.acknowledge();
    else if (text.startsWith('<a')) this.#acknowledged(Number(/\sh=['"](\d+)/.exec(text)?.[1]));
    else if (text.startsWith('<enabled') || text.startsWith('<failed')) {
      const managed = this.#enabling;
      this.#enabling = undefined;
      // What comes behind it counts.
      if (text.startsWith('<enabled')) this.#managed = managed;
      managed?.enabled(text);
    } else if (text.startsWith('<stream:error')) this.link.fail(`the server ended the stream: ${conditionOf(text)}`);
  }

  #acknowledged(count) {
    const managed = this.#managed;
    const more = (count - managed.outbound) >>> 0;
    managed.outbound = count;
    managed.unacknowledged.splice(0, more);
  }

  #timer(reject, what) {
    return setTimeout(() => {
      reject(Object.assign(new AnswerError(`${what}, in time`), { isLate: true }));
    }, this.#patienceMs);
  }
}

function ignore() {}
