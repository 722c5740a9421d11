/** Messages to somebody who is not there, and who gets them at the next login (XEP-0160). */
import { now } from '../../measure/clock.mjs';
import { goOffline } from '../client-start.mjs';
import { count } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

export const offline = {
  doc: 'messages to accounts that are offline, and their delivery at the next login',
  operation: 'offline',
  options: {
    pairs: count(20, 'pairs of a sender and a recipient'),
    messages: count(30, 'messages for each time that the recipient is away'),
    bytes: count(260, 'size of a message'),
  },
  units: ({ pairs }) => pairs,
  connections: ({ pairs }) => 2 * pairs,
  needsAccounts: () => true,
  create: (scene) => new Offline(scene),
};

class Offline {
  #scene;
  #pairs = [];
  #isRunning = false;
  #loops = [];

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: pairs, connector } = this.#scene;
    const names = Array.from({ length: pairs }, (_, index) =>
      ['sender', 'sleeper'].map((role) => connector.name(role, first + index)),
    );
    await this.#scene.register(names.flat());
    this.#pairs = await this.#scene.each(pairs, async (index) => {
      const [sender, name] = [await this.#scene.login(names[index][0]), names[index][1]];
      await this.#empty(name);
      return { sender, name, channel: this.#scene.ledger.channel(sender.jid), jid: `${name}@${sender.domain}` };
    });
    for (const pair of this.#pairs) pair.channel.addReader(pair);
  }

  start() {
    this.#isRunning = true;
    this.#loops = this.#pairs.map((pair) => this.#sendAndWake(pair));
  }

  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
  }

  finish() {
    return this.#scene.endAll(this.#pairs.map(({ sender }) => sender));
  }

  async #sendAndWake(pair) {
    const { settings } = this.#scene;
    const write = chatWriter(pair.jid, settings.bytes);
    await this.#scene.attempt('offline messages', async () => {
      while (this.#isRunning) {
        for (let number = 0; number < settings.messages; number++) pair.sender.send(write(pair.channel.next(now())));
        // What is behind them is answered when they were all looked at.
        await pair.sender.ask('get', "<ping xmlns='urn:xmpp:ping'/>", pair.sender.domain);
        await this.#wake(pair);
      }
    });
  }

  /** Latency counts from when the recipient became available. */
  async #wake(pair) {
    const delivery = this.#scene.operation('offline');
    const session = await this.#scene.login(pair.name);
    let left = this.#scene.settings.messages;
    const availableAt = now();
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, this.#scene.run.drain * 1_000);
      session.onMessage = (view) => {
        const dueAt = this.#scene.ledger.arrived(view.id, view.from, pair);
        if (Number.isNaN(dueAt)) return;
        delivery.record(now() - availableAt);
        if (--left > 0) return;
        clearTimeout(timer);
        resolve();
      };
      session.send('<presence/>');
    });
    await goOffline(session);
  }

  /** What an earlier run has left behind. */
  async #empty(name) {
    const session = await this.#scene.login(name);
    await session.available();
    await goOffline(session);
  }
}
