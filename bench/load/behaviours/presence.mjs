/** A presence storm: accounts that see one another change their presence, and each contact is told. */
import { now } from '../../measure/clock.mjs';
import { befriend } from '../contacts.mjs';
import { amount, choice, count } from '../schema.mjs';

const SHOWS = ['away', 'chat', 'dnd', 'xa'];

export const presence = {
  doc: 'accounts that change their presence, of which each contact is told',
  operation: 'presence',
  options: {
    accounts: count(100, 'accounts'),
    roster: count(20, 'contacts of each, all of them online; an even number'),
    loop: choice('open', ['closed', 'open'], 'closed: again as soon as every contact was told'),
    rate: amount(100, 'changes a second of all together (open loop)'),
  },
  units: ({ accounts }) => accounts,
  connections: ({ accounts }) => accounts,
  needsAccounts: () => true,
  create: (scene) => new Presence(scene),
};

class Presence {
  #scene;
  #people = [];
  #isRunning = false;
  #loop;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: accounts, connector, settings } = this.#scene;
    if (accounts === 0) return;
    const reach = Math.floor(settings.roster / 2);
    if (accounts <= 2 * reach)
      throw new Error(`presence.accounts has to give each thread more than presence.roster: ${accounts} are too few`);
    const names = Array.from({ length: accounts }, (_, index) => connector.name('person', first + index));
    await this.#scene.register(names);
    this.#people = await this.#scene.each(accounts, async (index) => {
      const session = await this.#scene.login(names[index]);
      session.roster = await session.ask('get', "<query xmlns='jabber:iq:roster'/>");
      await session.available();
      return new Person(session, this.#scene);
    });
    const pairs = this.#people.flatMap((one, index) =>
      Array.from({ length: reach }, (_, step) => [one, this.#people[(index + step + 1) % accounts]]),
    );
    const sessions = pairs.map((pair) => pair.map(({ session }) => session));
    await befriend(sessions, this.#scene.run.patience * 1_000);
    for (const [one, other] of pairs) one.meet(other);
    for (const person of this.#people) person.listen();
  }

  start() {
    this.#isRunning = true;
    const { settings } = this.#scene;
    if (settings.loop === 'closed') {
      for (const person of this.#people) person.changeOnAndOn(() => this.#isRunning);
      return;
    }
    this.#loop = this.#scene.inTurns(this.#people, (person, dueAt) => person.change(dueAt));
  }

  async stop() {
    this.#isRunning = false;
    this.#loop?.stop();
    await this.#scene.drained();
  }

  finish() {
    return this.#scene.endAll(this.#people.map(({ session }) => session));
  }
}

class Person {
  session;
  #scene;
  #channel;
  #contacts = new Map();
  #told;
  #changes = 0;
  /** Contacts that were not told of the last change yet. */
  #left = 0;
  #onAllTold = () => {};

  constructor(session, scene) {
    this.session = session;
    this.#scene = scene;
    this.#channel = scene.ledger.channel(session.jid);
    this.#told = scene.operation('presence');
  }

  meet(other) {
    for (const [one, contact] of [
      [this, other],
      [other, this],
    ]) {
      one.#contacts.set(contact.session.jid, contact);
      one.#channel.addReader(contact.session);
    }
  }

  listen() {
    this.session.onPresence = (view) => {
      const contact = this.#contacts.get(view.from);
      if (contact === undefined) return;
      const dueAt = this.#scene.ledger.arrived(view.id, view.from, this.session);
      if (Number.isNaN(dueAt)) return;
      this.#told.record(now() - dueAt);
      contact.#oneWasTold();
    };
  }

  change(dueAt) {
    const show = SHOWS[this.#changes++ % SHOWS.length];
    const status = `<status>Back at ${this.#changes}</status>`;
    this.#left = this.#contacts.size;
    this.session.send(`<presence id='${this.#channel.next(dueAt)}'><show>${show}</show>${status}</presence>`);
  }

  changeOnAndOn(isRunning) {
    this.#onAllTold = () => {
      if (isRunning()) this.change(now());
    };
    this.change(now());
  }

  #oneWasTold() {
    if (--this.#left === 0) this.#onAllTold();
  }
}
