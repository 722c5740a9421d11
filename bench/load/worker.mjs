/** One thread of the generator: prepares, runs and ends its share of the loads as it is told. */
import { randomBytes } from 'node:crypto';
import { now } from '../measure/clock.mjs';
import { behaviours } from './behaviours/index.mjs';
import { Connector } from './connector.mjs';
import { Gate } from './gate.mjs';
import { Ledger } from './ledger.mjs';
import { Meter } from './meter.mjs';
import { Scene } from './scene.mjs';
import { Wire } from './transports/wire.mjs';

/** Answers each order that comes through `port`, until it was told to finish. */
export default async function work({ profile, number, threads, port }) {
  const crew = new Crew(profile, number, threads, port);
  await new Promise((resolve) => {
    port.on('message', async ({ order, ...details }) => {
      try {
        const result = await crew[order](details);
        port.postMessage({ done: order, result });
      } catch (error) {
        port.postMessage({ done: order, failure: error.message, stack: error.stack });
      }
      if (order === 'finish') resolve();
    });
  });
  port.close();
  // What the engine holds of this thread's loop is given back in its next turn.
  await new Promise((resolve) => setImmediate(resolve));
}

class Crew {
  #profile;
  #number;
  #threads;
  #port;
  #wire;
  #connector;
  #ledger = new Ledger(randomBytes(3).toString('hex'));
  #meter = new Meter();
  #registrations;
  #counts = {};
  #faults = new Map();
  #players = [];
  #ticking;

  constructor(profile, number, threads, port) {
    Object.assign(this, { add: this.add.bind(this), fault: this.fault.bind(this) });
    this.#profile = profile;
    this.#number = number;
    this.#threads = threads;
    this.#port = port;
  }

  async prepare() {
    const { run, target, users, loads } = this.#profile;
    this.#wire = await Wire.open();
    this.#connector = new Connector(this.#wire, { target, users, run, number: this.#number });
    await this.#connector.probe();
    this.#registrations = new Gate(1 + Math.floor(run.abreast / this.#threads), users.registrations / this.#threads);
    this.#players = loads.map((name) => this.#player(name));
    for (const player of this.#players) await player.prepare();
    return { mechanism: this.#connector.mechanism, engine: this.#wire.kind };
  }

  /** What the server calls itself (XEP-0092), as far as it tells. */
  async identify() {
    if (this.#profile.target.transport === 'floor') return {};
    const name = this.#connector.name('probe', 0);
    await this.register([name]);
    const session = await this.#connector.login(name);
    const answer = await session
      .ask('get', "<query xmlns='jabber:iq:version'/>", session.domain)
      .catch((error) => `<error>${error.message}</error>`);
    await session.end();
    return { name: /<name>([^<]+)</.exec(answer)?.[1], version: /<version>([^<]+)</.exec(answer)?.[1] };
  }

  start() {
    for (const player of this.#players) player.start();
  }

  /** From `at` on everything counts. */
  async measure({ at }) {
    await until(at);
    this.#meter.start();
    let second = 0;
    this.#ticking = setInterval(() => this.#tick(second++), 1_000);
    this.#second = () => second;
  }

  #second = () => 0;

  /** When those loads are through that have an end of their own. */
  async whole() {
    await Promise.all(this.#players.map((player) => player.whole));
  }

  /** Names of the operations that were measured so far. */
  measured() {
    return [...this.#meter.measured];
  }

  pause() {
    this.#meter.stop();
    clearInterval(this.#ticking);
    this.#tick(this.#second());
  }

  async stop() {
    await Promise.all(this.#players.map((player) => player.stop()));
  }

  async finish() {
    for (const player of this.#players) await player.finish();
    this.#wire?.stop();
    const faults = [...this.#faults].map(([reason, count]) => ({ reason, count }));
    return { totals: this.#ledger.totals(), counts: this.#counts, faults };
  }

  add(name, amount) {
    this.#counts[name] = (this.#counts[name] ?? 0) + amount;
  }

  fault(reason) {
    this.#faults.set(reason, (this.#faults.get(reason) ?? 0) + 1);
  }

  async register(names) {
    if (this.#profile.users.register === 'no' || this.#connector.isAnonymous() || names.length === 0) return;
    const [one, ...others] = names;
    if (!(await this.#connector.register(one))) return;
    await Promise.all(others.map((name) => this.#registrations.pass(() => this.#connector.register(name))));
  }

  #player(name) {
    const { [name]: settings, run } = this.#profile;
    const behaviour = behaviours[name];
    if (this.#connector.isAnonymous() && behaviour.needsAccounts(settings))
      throw new Error(`${name} needs accounts with names, and logins are ANONYMOUS here`);
    const [first, next] = this.#share(name, behaviour.units(settings));
    const scene = new Scene({
      ...{ settings, run, first, count: next - first, threads: this.#sharers(name) },
      ...{ connector: this.#connector, ledger: this.#ledger, meter: this.#meter, crew: this },
      gate: new Gate(Math.max(1, Math.floor(run.abreast / this.#threads)), run.logins / this.#threads),
    });
    return behaviour.create(scene);
  }

  /** Threads that share a load: the last one is for those that are apart, if there are any. */
  #sharers(name) {
    if (behaviours[name].isApart) return 1;
    return this.#profile.loads.some((one) => behaviours[one].isApart) ? this.#threads - 1 : this.#threads;
  }

  /** This thread's part of so many units: from the first, up to the second. */
  #share(name, units) {
    const sharers = this.#sharers(name);
    const place = behaviours[name].isApart ? this.#number - (this.#threads - 1) : this.#number;
    if (place < 0 || place >= sharers) return [0, 0];
    return [place, place + 1].map((number) => Math.floor((units * number) / sharers));
  }

  #tick(second) {
    this.#port.postMessage({ second, operations: this.#meter.take(), counts: this.#counts });
  }
}

async function until(at) {
  const ms = at - now();
  if (ms > 0) await new Promise((resolve) => setTimeout(resolve, ms));
}
