/** What one load of one thread has at hand: its share of the units, its clients, and where it counts. */
import { now } from '../measure/clock.mjs';
import { Arrivals, OpenLoop } from './schedule.mjs';
import { AnswerError } from './session.mjs';

const POLL_MS = 20;

export class Scene {
  /** The section of the profile. */
  settings;
  run;
  connector;
  ledger;
  meter;
  /** This thread's part: units from `first` on, `count` of them. */
  first;
  count;
  threads;
  #gate;
  #crew;

  constructor({ settings, run, connector, ledger, meter, first, count, threads, gate, crew }) {
    Object.assign(this, { settings, run, connector, ledger, meter, first, count, threads });
    this.#gate = gate;
    this.#crew = crew;
  }

  /** Counts something that the result tells. */
  add(name, amount = 1) {
    this.#crew.add(name, amount);
  }

  /** Something went wrong that fails the run; equal reasons are counted. */
  fault(reason) {
    this.#crew.fault(reason);
  }

  operation(name) {
    return this.meter.operation(name);
  }

  /** One at its turn, for each of so many; all of them together. */
  each(count, make) {
    return Promise.all(Array.from({ length: count }, (_, index) => this.#gate.pass(() => make(index))));
  }

  pass(work) {
    return this.#gate.pass(work);
  }

  /** Has accounts made, where the server knows no others. */
  async register(names) {
    await this.#crew.register(names);
  }

  /** What goes wrong with one client is counted, and stops no others. False when it did. */
  async attempt(what, work) {
    try {
      await work();
      return true;
    } catch (error) {
      this.add('errors');
      this.fault(`${what}: ${error.message}`);
      return false;
    }
  }

  /** A session that is expected to last. */
  async login(username, resource) {
    return this.watch(await this.connector.login(username, resource));
  }

  watch(session) {
    this.add('connections');
    session.link.onGone = () => this.add('connections', -1);
    session.link.onLost = (reason) => {
      this.add('errors');
      this.fault(`connections lost: ${reason}`);
    };
    session.onBounce = (id, view) => {
      if (this.ledger.sentBack(id)) this.fault(`messages refused: ${view.text.slice(0, 300)}`);
    };
    return session;
  }

  /** A feature that the run cannot do without. */
  async need(session, namespace, what) {
    const answer = await session.ask('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", session.bareJid);
    const features = answer.includes(namespace)
      ? answer
      : await session.ask('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", session.domain);
    if (!features.includes(`'${namespace}'`) && !features.includes(`"${namespace}"`))
      throw new AnswerError(`the server offers no ${what}`);
  }

  /** An open loop at this thread's part of the rate: `act(member, dueAt)` for one member after the other. Nothing without members. */
  inTurns(members, act, { isRandom = true } = {}) {
    if (members.length === 0) return undefined;
    const arrivals = new Arrivals(this.settings.rate / this.threads, now(), isRandom ? Math.random : undefined);
    let turn = 0;
    return new OpenLoop(arrivals, {
      arrive: (dueAt) => act(members[turn++ % members.length], dueAt),
      late: this.operation('lateness'),
      spin: this.run.spin,
    });
  }

  /** Until every message has come, or can no longer be waited for. */
  async drained() {
    const deadline = now() + this.run.drain * 1_000;
    while (this.ledger.totals().lost > 0 && now() < deadline) await sleep(POLL_MS);
  }

  async endAll(sessions) {
    await Promise.all(sessions.map((session) => (session.link.end === undefined ? session.end() : undefined)));
  }
}

export function sleep(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
