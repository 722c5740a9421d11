/** People as they are: each writes, changes presence, reads the archive and loses the network now and then. */
import { now } from '../../measure/clock.mjs';
import { comeOnline } from '../client-start.mjs';
import { befriend } from '../contacts.mjs';
import { Arrivals, OpenLoop } from '../schedule.mjs';
import { amount, count } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

export const people = {
  doc: 'people with contacts who write, come, go and read what they missed, at human rates',
  operation: 'message',
  options: {
    accounts: count(200, 'people'),
    contacts: count(10, 'contacts of each, an even number'),
    messages: amount(60, 'messages of each in an hour'),
    presences: amount(12, 'changes of presence of each in an hour'),
    pages: amount(6, 'looks into the archive of each in an hour, where the server has one'),
    reconnects: amount(6, 'times in an hour that each loses the network; streams are resumed where the server can'),
    speed: amount(1, 'so many hours pass in one'),
    bytes: count(260, 'size of a message'),
  },
  units: ({ accounts }) => accounts,
  connections: ({ accounts }) => accounts,
  needsAccounts: () => true,
  create: (scene) => new People(scene),
};

class People {
  #scene;
  #people = [];
  #loops = [];
  #open = new Set();
  #hasArchive = false;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: accounts, connector, settings } = this.#scene;
    if (accounts === 0) return;
    const reach = Math.max(1, Math.floor(settings.contacts / 2));
    if (accounts <= 2 * reach)
      throw new Error(`people.accounts has to give each thread more than people.contacts: ${accounts} are too few`);
    const names = Array.from({ length: accounts }, (_, index) => connector.name('human', first + index));
    await this.#scene.register(names);
    this.#people = await this.#scene.each(accounts, (index) => new Human(names[index], this.#scene).enter());
    const pairs = this.#people.flatMap((one, index) =>
      Array.from({ length: reach }, (_, step) => [one, this.#people[(index + step + 1) % accounts]]),
    );
    await befriend(
      pairs.map((pair) => pair.map(({ session }) => session)),
      this.#scene.run.patience * 1_000,
    );
    for (const [one, other] of pairs) one.meet(other);
    const [{ session }] = this.#people;
    this.#hasArchive = await this.#scene.need(session, 'urn:xmpp:mam:2', 'archive').then(
      () => true,
      () => false,
    );
  }

  start() {
    const { messages, presences, pages, reconnects } = this.#scene.settings;
    this.#often(messages, (human, dueAt) => human.write(dueAt));
    this.#often(presences, (human) => human.changePresence());
    if (this.#hasArchive) this.#often(pages, (human) => human.lookBack());
    this.#often(reconnects, (human) => human.loseNetwork());
  }

  async stop() {
    for (const loop of this.#loops) loop.stop();
    await Promise.all(this.#open);
    await this.#scene.drained();
  }

  finish() {
    return this.#scene.endAll(this.#people.map(({ session }) => session));
  }

  /** So many times in an hour for each, by chance. */
  #often(timesAnHour, act) {
    const rate = (timesAnHour * this.#scene.settings.speed * this.#people.length) / 3_600;
    if (rate === 0) return;
    const arrive = (dueAt) => {
      const human = this.#people[Math.floor(Math.random() * this.#people.length)];
      if (human.isAway) return;
      const work = this.#scene.attempt('somebody failed', () => act(human, dueAt));
      this.#open.add(work);
      work.finally(() => this.#open.delete(work));
    };
    const arrivals = new Arrivals(rate, now(), Math.random);
    this.#loops.push(new OpenLoop(arrivals, { arrive, late: this.#scene.operation('lateness'), spin: false }));
  }
}

class Human {
  session;
  isAway = false;
  #name;
  #scene;
  #contacts = [];

  constructor(name, scene) {
    this.#name = name;
    this.#scene = scene;
  }

  async enter() {
    const began = now();
    const watch = (session) => this.#scene.watch(session);
    this.session = await comeOnline(this.#scene, this.#name, { watch });
    this.session.onMessage = (view) => this.#came(view);
    this.#scene.operation('login').record(now() - began);
    return this;
  }

  meet(other) {
    for (const [one, contact] of [
      [this, other],
      [other, this],
    ]) {
      const channel = this.#scene.ledger.channel(one.session.jid).addReader(contact);
      one.#contacts.push({ channel, write: chatWriter(contact.session.bareJid, this.#scene.settings.bytes) });
    }
  }

  /** To any of the contacts. */
  write(dueAt) {
    const { channel, write } = this.#contacts[Math.floor(Math.random() * this.#contacts.length)];
    this.session.send(write(channel.next(dueAt)));
  }

  changePresence() {
    const show = ['away', 'chat', 'dnd', 'xa'][Math.floor(Math.random() * 4)];
    this.session.send(`<presence><show>${show}</show></presence>`);
    this.#scene.add('presences');
  }

  /** The last page (XEP-0313 section 4.3.3). */
  async lookBack() {
    const began = now();
    const set = "<set xmlns='http://jabber.org/protocol/rsm'><max>20</max><before/></set>";
    await this.session.ask('set', `<query xmlns='urn:xmpp:mam:2'>${set}</query>`);
    this.#scene.operation('page').record(now() - began);
  }

  /** Where a stream cannot be resumed its owner leaves in order, so that nothing is sent into the void. */
  async loseNetwork() {
    this.isAway = true;
    const { session } = this;
    if (session.isManaged) {
      await session.link.abort();
      const connecting = now();
      if (!(await this.#scene.connector.resume(session, this.#name)))
        throw new Error('the server has forgotten a stream that was to be resumed');
      this.#scene.operation('resume').record(now() - connecting);
      this.#scene.watch(session);
    } else {
      session.send("<presence type='unavailable'/>");
      await session.end();
      await this.enter();
    }
    this.#scene.add('reconnects');
    this.isAway = false;
  }

  #came(view) {
    const dueAt = this.#scene.ledger.arrived(view.id, view.from, this);
    if (!Number.isNaN(dueAt)) this.#scene.operation('message').record(now() - dueAt);
  }
}
