/** Clients that come, stay for a moment and go, over and over. */
import { now } from '../../measure/clock.mjs';
import { comeOnline, goOffline } from '../client-start.mjs';
import { befriend } from '../contacts.mjs';
import { sleep } from '../scene.mjs';
import { amount, count, countOrNone } from '../schema.mjs';

/** Before a client that failed comes back. */
const RETRY_MS = 1_000;

export const churn = {
  doc: 'clients that come and go, over and over',
  operation: 'login',
  options: {
    clients: count(20, 'clients that come and go at a time, each under names of its own in turns'),
    names: count(5, 'accounts of each client'),
    stay: amount(0, 'seconds for which each stays'),
    contacts: countOrNone(0, 'contacts of each account, subscribed both ways and offline'),
  },
  units: ({ clients }) => clients,
  connections: ({ clients, contacts }) => clients + contacts,
  needsAccounts: () => true,
  create: (scene) => new Churn(scene),
};

class Churn {
  #scene;
  #names = [];
  #isRunning = false;
  #loops = [];

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: clients, settings, connector } = this.#scene;
    this.#names = Array.from({ length: clients }, (_, index) =>
      Array.from({ length: settings.names }, (__, turn) =>
        connector.name('guest', (first + index) * settings.names + turn),
      ),
    );
    await this.#scene.register(this.#names.flat());
    if (settings.contacts > 0) await this.#befriend();
  }

  start() {
    this.#isRunning = true;
    this.#loops = this.#names.map((names) => this.#comeAndGo(names));
  }

  async stop() {
    this.#isRunning = false;
    await Promise.all(this.#loops);
  }

  async finish() {}

  async #comeAndGo(names) {
    const [login, logout] = [this.#scene.operation('login'), this.#scene.operation('logout')];
    for (let turn = 0; this.#isRunning; turn++) {
      const name = names[turn % names.length];
      const visit = () => this.#visit(name, login, logout);
      if (!(await this.#scene.attempt('a client could not come and go', visit))) await sleep(RETRY_MS);
    }
  }

  async #visit(name, login, logout) {
    const began = now();
    const session = await comeOnline(this.#scene, name);
    this.#scene.add('logins');
    login.record(now() - began);
    if (this.#scene.settings.stay > 0) await sleep(this.#scene.settings.stay * 1_000);
    const left = now();
    await goOffline(session);
    logout.record(now() - left);
  }

  /** Contacts are there only for as long as this takes; threads share them not. */
  async #befriend() {
    const { first, settings, connector } = this.#scene;
    const watch = (session) => this.#scene.watch(session);
    const people = await this.#scene.each(this.#names.flat().length, (index) =>
      comeOnline(this.#scene, this.#names.flat()[index], { watch }),
    );
    const contacts = Array.from({ length: settings.contacts }, (_, index) => connector.name(`contact${first}-`, index));
    await this.#scene.register(contacts);
    for (const name of contacts) {
      const contact = await comeOnline(this.#scene, name, { watch });
      await befriend(
        people.map((person) => [person, contact]),
        this.#scene.run.patience * 1_000,
      );
      await goOffline(contact);
    }
    await Promise.all(people.map(goOffline));
  }
}
