/** Connections that are made, and then say nothing: what each costs in memory. */
import { now } from '../../measure/clock.mjs';
import { sleep } from '../scene.mjs';
import { Arrivals } from '../schedule.mjs';
import { amount, choice, count } from '../schema.mjs';

export const idle = {
  doc: 'clients that connect and then say nothing',
  operation: 'login',
  isWhole: true,
  isAboutMemory: true,
  options: {
    connections: count(1_000, 'connections'),
    state: choice('bound', ['unauthenticated', 'bound', 'available'], 'how far each goes'),
    rate: amount(0, 'connections a second; 0 for as fast as run.abreast lets them'),
  },
  units: ({ connections }) => connections,
  connections: ({ connections }) => connections,
  needsAccounts: () => false,
  create: (scene) => new Idle(scene),
};

class Idle {
  #scene;
  #sessions = [];
  whole;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: connections, settings, connector } = this.#scene;
    if (settings.state === 'unauthenticated') return;
    await this.#scene.register(
      Array.from({ length: connections }, (_, index) => connector.name('idle', first + index)),
    );
  }

  start() {
    const { settings, count: connections, threads } = this.#scene;
    const login = this.#scene.operation('login');
    const arrivals = settings.rate > 0 ? new Arrivals(settings.rate / threads, now()) : undefined;
    this.whole = this.#scene.each(connections, async (index) => {
      const dueAt = arrivals ? arrivals.take() : now();
      if (dueAt > now()) await sleep(dueAt - now());
      await this.#scene.attempt('a client could not connect', async () => {
        this.#sessions.push(await this.#enter(index));
        login.record(now() - dueAt);
      });
    });
  }

  async stop() {}

  finish() {
    return Promise.all(this.#sessions.map((one) => one.end()));
  }

  async #enter(index) {
    const { settings, connector, first } = this.#scene;
    if (settings.state === 'unauthenticated') {
      const { link } = await connector.openStream();
      this.#scene.watch({ link });
      return { end: () => link.close() };
    }
    const session = await this.#scene.login(connector.name('idle', first + index));
    if (settings.state === 'available') await session.available();
    return session;
  }
}
