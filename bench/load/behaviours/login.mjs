/** A login storm: everybody comes back at once, and stays. */
import { now } from '../../measure/clock.mjs';
import { comeOnline } from '../client-start.mjs';
import { sleep } from '../scene.mjs';
import { Arrivals } from '../schedule.mjs';
import { amount, count } from '../schema.mjs';

export const login = {
  doc: 'everybody logs in as clients do, with contacts, copies, stream management and presence, and stays',
  operation: 'login',
  isWhole: true,
  options: {
    accounts: count(500, 'accounts'),
    rate: amount(0, 'logins a second, counted from when each was due; 0 for as fast as run.abreast lets them'),
  },
  units: ({ accounts }) => accounts,
  connections: ({ accounts }) => accounts,
  needsAccounts: () => true,
  create: (scene) => new Login(scene),
};

class Login {
  #scene;
  #sessions = [];
  #names = [];
  whole;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: accounts, connector } = this.#scene;
    this.#names = Array.from({ length: accounts }, (_, index) => connector.name('login', first + index));
    await this.#scene.register(this.#names);
  }

  start() {
    const { settings, threads } = this.#scene;
    const operation = this.#scene.operation('login');
    const arrivals = settings.rate > 0 ? new Arrivals(settings.rate / threads, now()) : undefined;
    this.whole = this.#scene.each(this.#names.length, async (index) => {
      const dueAt = arrivals ? arrivals.take() : now();
      if (dueAt > now()) await sleep(dueAt - now());
      const watch = (session) => this.#scene.watch(session);
      await this.#scene.attempt('a client could not log in', async () => {
        this.#sessions.push(await comeOnline(this.#scene, this.#names[index], { watch }));
        operation.record(now() - dueAt);
      });
    });
  }

  async stop() {}

  finish() {
    return this.#scene.endAll(this.#sessions);
  }
}
