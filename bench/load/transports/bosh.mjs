/** A link over BOSH (XEP-0124, XEP-0206): one request waits at the server, another carries what there is to say. */
import { randomInt } from 'node:crypto';
import { Agent, request } from 'node:http';
import { dial } from './dial.mjs';
import { Link } from './link.mjs';
import { partsOf, TextView, withNamespace } from './text-view.mjs';

const BODY = "<body xmlns='http://jabber.org/protocol/httpbind' xmlns:xmpp='urn:xmpp:xbosh'";
const WAIT_SECONDS = 30;
const MOST_REQUESTS = 2;
const BROKEN = new Set(['ECONNRESET', 'EPIPE']);
/** Of one request, before the session is given up. */
const MOST_TRIES = 5;

export async function openBosh(options) {
  return new BoshLink(options);
}

class BoshLink extends Link {
  #options;
  #agent;
  #sid;
  #rid = randomInt(1, 2 ** 40);
  /** The request whose answer is to be read next: answers may come in another order. */
  #next = this.#rid;
  #answers = new Map();
  #outstanding = 0;
  #unsent = [];
  #isEnding = false;
  #view = new TextView();
  #show = (text) => this.#view.at(text);

  constructor(options) {
    super(options.patienceMs);
    this.#options = options;
    this.#agent = new DialingAgent(options);
  }

  openStream() {
    const { domain } = this.#options;
    const version = "xmpp:version='1.0' ver='1.6' content='text/xml; charset=utf-8'";
    this.#post(` to='${domain}' hold='1' wait='${WAIT_SECONDS}' ${version}`, '');
  }

  restart() {
    this.#post(` sid='${this.#sid}' to='${this.#options.domain}' xmpp:restart='true'`, '');
  }

  flow(listener) {
    super.flow(listener);
    this.release(this.#show);
  }

  send(xml) {
    this.#unsent.push(withNamespace(xml));
    // What is said in the same turn goes in one request.
    if (this.#unsent.length === 1) queueMicrotask(() => this.#pump());
    return true;
  }

  close() {
    this.isOpen = false;
    this.#isEnding = true;
    this.#post(` sid='${this.#sid}' type='terminate'`, this.#unsent.splice(0).join(''));
    return this.end === undefined ? new Promise((resolve) => (this.onEnd = resolve)) : Promise.resolve();
  }

  async abort() {
    this.isOpen = false;
    this.fail('closed here');
  }

  fail(reason) {
    this.#agent.destroy();
    this.ended(reason);
  }

  #pump() {
    if (this.#isEnding || this.end !== undefined || this.#sid === undefined) return;
    if (this.#unsent.length > 0 ? this.#outstanding >= MOST_REQUESTS : this.#outstanding > 0) return;
    this.#post(` sid='${this.#sid}'`, this.#unsent.splice(0).join(''));
  }

  #post(attributes, content) {
    const rid = this.#rid++;
    const body = `${BODY} rid='${rid}'${attributes}>${content}</body>`;
    const { domain, port, path } = this.#options;
    const headers = { 'content-type': 'text/xml; charset=utf-8', 'content-length': Buffer.byteLength(body) };
    this.#outstanding++;
    const options = { method: 'POST', host: domain, port, path: path || '/http-bind', headers, agent: this.#agent };
    this.#try(options, rid, body);
  }

  #try(options, rid, body, tries = 1) {
    const posted = request(options);
    let isAnswered = false;
    posted.on('error', (error) => {
      // A server may close a connection just when it is used, and takes a request twice (XEP-0124 section 14.3). Among those that
      // the agent kept there may be many of that kind, which say nothing about the server.
      const mayTryAgain = !isAnswered && BROKEN.has(error.code) && tries < MOST_TRIES && this.end === undefined;
      if (mayTryAgain) this.#try(options, rid, body, posted.reusedSocket ? tries : tries + 1);
      else this.fail(`BOSH: ${error.message}`);
    });
    posted.on('response', (response) => {
      isAnswered = true;
      this.#read(rid, response);
    });
    posted.end(body);
  }

  #read(rid, response) {
    const pieces = [];
    response.on('data', (piece) => pieces.push(piece));
    response.on('end', () => {
      this.#outstanding--;
      if (response.statusCode !== 200) return this.fail(`BOSH: the server answers with ${response.statusCode}`);
      this.#answers.set(rid, Buffer.concat(pieces).toString());
      for (; this.#answers.has(this.#next) && this.end === undefined; this.#next++) {
        const text = this.#answers.get(this.#next);
        this.#answers.delete(this.#next);
        this.#came(text);
      }
      // What is said in answer goes along; an empty request beside it could overtake it on its other connection.
      setImmediate(() => this.#pump());
    });
  }

  #came(text) {
    const { head, children } = partsOf(text);
    this.#sid ??= /\ssid=['"]([^'"]+)/.exec(head)?.[1];
    for (const child of children) this.take(child, this.#show);
    if (!/\stype=['"]terminate['"]/.test(head)) return;
    const condition = /\scondition=['"]([^'"]+)/.exec(head)?.[1] ?? 'no condition';
    this.fail(`the server ended the session: ${condition}`);
  }
}

/** Keeps its connections, which begin as the profile says. */
class DialingAgent extends Agent {
  #options;

  constructor(options) {
    super({ keepAlive: true, maxSockets: MOST_REQUESTS });
    this.#options = options;
  }

  createConnection(_, made) {
    dial(this.#options).then(
      (socket) => made(undefined, socket),
      (error) => made(error),
    );
  }
}
