/** Phones whose network breaks: they come back and resume their streams, and miss nothing (XEP-0198). */
import { now } from '../../measure/clock.mjs';
import { sleep } from '../scene.mjs';
import { amount, count } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

export const resume = {
  doc: 'clients whose connection breaks, and who resume their streams while messages come in',
  operation: 'resume',
  options: {
    pairs: count(20, 'pairs of a sender and a phone'),
    messages: count(10, 'messages just before each break, and as many while the phone is gone'),
    gap: amount(0.1, 'seconds for which a phone is gone'),
    stay: amount(0.2, 'seconds between two breaks'),
    bytes: count(260, 'size of a message'),
  },
  units: ({ pairs }) => pairs,
  connections: ({ pairs }) => 2 * pairs,
  needsAccounts: () => true,
  create: (scene) => new Resume(scene),
};

class Resume {
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
      ['caller', 'phone'].map((role) => connector.name(role, first + index)),
    );
    await this.#scene.register(names.flat());
    this.#pairs = await this.#scene.each(pairs, async (index) => {
      const [sender, phone] = [await this.#scene.login(names[index][0]), await this.#scene.login(names[index][1])];
      if (!connector.features.includes('urn:xmpp:sm:3') || !(await phone.manage()))
        throw new Error('the server offers no resumption of streams (XEP-0198)');
      await phone.available();
      const channel = this.#scene.ledger.channel(sender.jid).addReader(phone);
      phone.onMessage = (view) => this.#came(view, phone);
      return { sender, phone, name: names[index][1], channel };
    });
  }

  start() {
    this.#isRunning = true;
    this.#loops = this.#pairs.map((pair) => this.#breakAndResume(pair));
  }

  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
    await this.#scene.drained();
  }

  finish() {
    return this.#scene.endAll(this.#pairs.flatMap(({ sender, phone }) => [sender, phone]));
  }

  #came(view, phone) {
    const dueAt = this.#scene.ledger.arrived(view.id, view.from, phone);
    this.#scene.operation('message').record(now() - dueAt);
  }

  async #breakAndResume({ sender, phone, name, channel }) {
    const { settings } = this.#scene;
    const write = chatWriter(phone.jid, settings.bytes);
    const send = () => {
      for (let number = 0; number < settings.messages; number++) sender.send(write(channel.next(now())));
    };
    await this.#scene.attempt('resumption', async () => {
      while (this.#isRunning) {
        send();
        await phone.link.abort();
        send();
        await sleep(settings.gap * 1_000);
        const began = now();
        if (!(await this.#scene.connector.resume(phone, name))) throw new Error('the server has forgotten the stream');
        this.#scene.operation('resume').record(now() - began);
        this.#scene.add('resumptions');
        this.#scene.watch(phone);
        await sleep(settings.stay * 1_000);
      }
    });
  }
}
