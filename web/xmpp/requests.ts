/** Requests to others and their answers, and answers to the requests of others (RFC 6120 section 8.2.3). */
import { Failure } from './failure.js';
import { ns } from './namespaces.js';
import { randomToken } from './random.js';
import { type Xml, xml } from './xml.js';

const PATIENCE_MS = 30_000;

/** The payload of a result, or undefined for an empty one. */
type Answer = (iq: Xml) => Xml | undefined | 'refused';

interface Pending {
  readonly to: string | undefined;
  readonly settle: (answer: Xml) => void;
  readonly fail: (failure: Failure) => void;
  readonly timer: ReturnType<typeof setTimeout>;
}

export class Requests {
  readonly #send: (stanza: Xml) => void;
  readonly #pending = new Map<string, Pending>();
  readonly #answers = new Map<string, Answer>();
  /** The own bare address: the account answers under it, or without one. */
  account = '';

  constructor(send: (stanza: Xml) => void) {
    this.#send = send;
  }

  /** Rejects with a `Failure`. */
  get(payload: Xml, to?: string): Promise<Xml> {
    return this.#ask('get', payload, to);
  }

  set(payload: Xml, to?: string): Promise<Xml> {
    return this.#ask('set', payload, to);
  }

  answer(type: 'get' | 'set', name: string, namespace: string, answer: Answer): void {
    this.#answers.set(`${type} ${name} ${namespace}`, answer);
  }

  /** An iq came. */
  take(iq: Xml): void {
    const { type, id = '' } = iq.attrs;
    if (type === 'get' || type === 'set') this.#serve(iq);
    else this.#settle(iq, id);
  }

  /** The session is over. */
  failAll(failure: Failure): void {
    for (const { fail, timer } of this.#pending.values()) {
      clearTimeout(timer);
      fail(failure);
    }
    this.#pending.clear();
  }

  #ask(type: 'get' | 'set', payload: Xml, to: string | undefined): Promise<Xml> {
    const id = randomToken();
    return new Promise((settle, fail) => {
      const timer = setTimeout(() => {
        this.#pending.delete(id);
        fail(new Failure('remote-server-timeout'));
      }, PATIENCE_MS);
      this.#pending.set(id, { to, settle, fail, timer });
      this.#send(xml('iq', ns.CLIENT, { type, id, to }, payload));
    });
  }

  #settle(iq: Xml, id: string): void {
    const pending = this.#pending.get(id);
    if (!pending || !this.#isFrom(iq.attrs['from'], pending.to)) return;
    this.#pending.delete(id);
    clearTimeout(pending.timer);
    if (iq.attrs['type'] === 'result') pending.settle(iq);
    else pending.fail(Failure.ofStanza(iq));
  }

  /** Whoever guesses an id must not answer for others. */
  #isFrom(from: string | undefined, to: string | undefined): boolean {
    return from === to || (to === undefined && from === this.account) || (from === undefined && to === this.account);
  }

  #serve(iq: Xml): void {
    const { from, id, type } = iq.attrs;
    const [payload] = iq.elements;
    const answer = payload && this.#answers.get(`${type} ${payload.name} ${payload.ns}`);
    const result = answer ? answer(iq) : 'refused';
    if (result !== 'refused') {
      this.#send(xml('iq', ns.CLIENT, { type: 'result', id, to: from }, result));
      return;
    }
    const error = xml('error', ns.CLIENT, { type: 'cancel' }, xml('service-unavailable', ns.STANZA_ERRORS));
    this.#send(xml('iq', ns.CLIENT, { type: 'error', id, to: from }, error));
  }
}
