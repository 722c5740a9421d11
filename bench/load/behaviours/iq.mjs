/** Requests to the server, each of which it answers: pings, or whole contact lists. */
import { now } from '../../measure/clock.mjs';
import { amount, choice, count, countOrNone } from '../schema.mjs';

export const iq = {
  doc: 'requests to the server',
  operation: 'request',
  options: {
    clients: count(50, 'clients'),
    kind: choice('ping', ['ping', 'roster'], 'ping (XEP-0199), or the contact list'),
    contacts: countOrNone(20, 'contacts in each list'),
    loop: choice('closed', ['closed', 'open'], 'closed: the next request follows the answer'),
    rate: amount(1_000, 'requests a second of all together (open loop)'),
  },
  units: ({ clients }) => clients,
  connections: ({ clients }) => clients,
  needsAccounts: ({ kind }) => kind === 'roster',
  create: (scene) => new Requests(scene),
};

class Requests {
  #scene;
  #sessions = [];
  #isRunning = false;
  #loop;
  #open = new Set();

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: clients, connector, settings } = this.#scene;
    const names = Array.from({ length: clients }, (_, index) => connector.name('asker', first + index));
    await this.#scene.register(names);
    this.#sessions = await this.#scene.each(clients, async (index) => {
      const session = await this.#scene.login(names[index]);
      if (settings.kind === 'roster') await fillRoster(session, settings.contacts);
      return session;
    });
  }

  start() {
    this.#isRunning = true;
    const { settings } = this.#scene;
    if (settings.loop === 'closed') {
      for (const session of this.#sessions) this.#start(this.#askOnAndOn(session));
      return;
    }
    this.#loop = this.#scene.inTurns(this.#sessions, (session, dueAt) => this.#start(this.#ask(session, dueAt)));
  }

  async stop() {
    this.#isRunning = false;
    this.#loop?.stop();
    await Promise.all(this.#open);
  }

  finish() {
    return this.#scene.endAll(this.#sessions);
  }

  #start(work) {
    this.#open.add(work);
    work.finally(() => this.#open.delete(work));
  }

  async #askOnAndOn(session) {
    while (this.#isRunning && session.link.isOpen) await this.#ask(session, now());
  }

  async #ask(session, dueAt) {
    await this.#scene.attempt('requests failed', async () => {
      if (this.#scene.settings.kind === 'ping')
        await session.ask('get', "<ping xmlns='urn:xmpp:ping'/>", session.domain);
      else this.#check(await session.ask('get', "<query xmlns='jabber:iq:roster'/>"));
      this.#scene.operation('request').record(now() - dueAt);
    });
  }

  #check(answer) {
    const found = answer.match(/<item /g)?.length ?? 0;
    if (found < this.#scene.settings.contacts)
      this.#scene.fault(`a contact list has ${found} contacts instead of ${this.#scene.settings.contacts}`);
  }
}

async function fillRoster(session, contacts) {
  const there = (await session.ask('get', "<query xmlns='jabber:iq:roster'/>")).match(/<item /g)?.length ?? 0;
  for (let number = there; number < contacts; number++) {
    const item = `<item jid='contact${number}@${session.domain}' name='Contact ${number}'><group>Friends</group></item>`;
    await session.ask('set', `<query xmlns='jabber:iq:roster'>${item}</query>`);
  }
}
