/** An abusive neighbour: writes as much as the server takes, while others are measured. */
import { now } from '../../measure/clock.mjs';
import { sleep } from '../scene.mjs';
import { amount, count } from '../schema.mjs';

/** Messages that are written before others get their turn. */
const AT_ONCE = 50;
/** A flooder whose messages come back no faster than that many behind waits: it would only fill memory of ours. */
const MOST_UNDER_WAY = 5_000;
const RETRY_MS = 1_000;

export const flood = {
  // In a thread with others it would hold up them, and not the server alone.
  isApart: true,
  doc: 'clients that write as much as the server takes, to themselves',
  options: {
    clients: count(1, 'clients'),
    bytes: count(1_000, 'size of a message'),
    after: amount(0, 'seconds of the load in which there is no flood yet'),
  },
  units: ({ clients }) => clients,
  connections: ({ clients }) => clients,
  needsAccounts: () => false,
  create: (scene) => new Flood(scene),
};

class Flood {
  #scene;
  #names = [];
  #floods = [];
  #isRunning = false;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: clients, connector } = this.#scene;
    this.#names = Array.from({ length: clients }, (_, index) => connector.name('flooder', first + index));
    await this.#scene.register(this.#names);
  }

  start() {
    this.#isRunning = true;
    this.#floods = this.#names.map((name) => this.#floodOnAndOn(name));
  }

  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#floods);
  }

  async finish() {}

  /** A server may throw the client out, which is no fault of its: it comes back. */
  async #floodOnAndOn(name) {
    await sleep(this.#scene.settings.after * 1_000);
    while (this.#isRunning) {
      try {
        const session = await this.#scene.connector.login(name);
        await this.#flood(session);
        await session.link.abort();
      } catch {
        this.#scene.add('floodersRefused');
        await sleep(RETRY_MS);
      }
    }
  }

  async #flood(session) {
    let underWay = 0;
    let room = () => {};
    session.onMessage = () => {
      underWay = Math.max(0, underWay - 1);
    };
    session.onBounce = session.onMessage;
    session.link.onDrained = () => room();
    session.link.onLost = () => {
      this.#scene.add('floodersThrownOut');
      room();
    };
    const text = `<message to='${session.jid}' type='chat'><body>${'x'.repeat(this.#scene.settings.bytes)}</body></message>`;
    while (this.#isRunning && session.link.isOpen) {
      const began = now();
      for (let number = 0; number < AT_ONCE; number++) {
        underWay++;
        this.#scene.add('flooded');
        if (!session.send(text)) await Promise.race([new Promise((resolve) => (room = resolve)), sleep(RETRY_MS)]);
      }
      // One whose messages are dropped would wait for ever.
      while (underWay > MOST_UNDER_WAY && this.#isRunning && now() - began < RETRY_MS) await sleep(5);
      if (now() - began >= RETRY_MS) underWay = 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
}
