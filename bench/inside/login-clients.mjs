/** The process of the clients that log in and out: makes contacts first. */
import { ask, becomeAvailable, connect, login, manage, wantCopies } from '../lib/client.mjs';
import { quantile } from '../measure/statistics.mjs';

let port;
let names = [];

const works = {
  /** Each account knows each contact, who agrees. Contacts are there only for as long as this takes. */
  befriend: async (target) => {
    port = target.port;
    names = Array.from({ length: target.accounts }, (_, index) => `person-${index}`);
    const people = await Promise.all(names.map((name) => Befriender.enter(name)));
    for (let index = 0; index < target.contacts; index++) {
      const contact = await Befriender.enter(`contact-${index}`);
      await Promise.all(people.map((person) => person.befriend(contact)));
      contact.leave();
    }
    for (const person of people) person.leave();
  },
  login: async ({ seconds, abreast }) => {
    const milliseconds = [];
    const end = performance.now() + seconds * 1_000;
    let next = 0;
    const work = async () => {
      while (performance.now() < end) {
        const begin = performance.now();
        const socket = await comeOnline(names[next++ % names.length]);
        milliseconds.push(performance.now() - begin);
        await goOffline(socket);
      }
    };
    await Promise.all(Array.from({ length: abreast }, work));
    return { logins: milliseconds.length, milliseconds: [0.5, 0.99].map((share) => quantile(milliseconds, share)) };
  },
};

process.on('message', async ({ work, args }) => {
  try {
    process.send({ result: await works[work](args) });
  } catch (error) {
    process.send({ failure: error.stack });
  }
});
process.on('disconnect', () => process.exit());

/** What today's clients do when they come: session, roster, copies, stream management, presence. */
async function comeOnline(name) {
  const socket = await connect({ port });
  await login(socket, name);
  await ask(socket, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", '</iq>');
  await wantCopies(socket);
  await manage(socket);
  await becomeAvailable(socket);
  return socket;
}

async function goOffline(socket) {
  await ask(socket, '</stream:stream>', '</stream:stream>');
  socket.destroy();
}

/** Answers every request for a subscription with consent. */
class Befriender {
  #socket;
  #name;
  #text = '';
  #waiting = new Map();

  static async enter(name) {
    const one = new Befriender();
    one.#name = name;
    one.#socket = await connect({ port });
    await login(one.#socket, name);
    await ask(one.#socket, "<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq>", "id='roster'");
    await becomeAvailable(one.#socket);
    one.#socket.on('data', (data) => one.#read(data)).resume();
    return one;
  }

  befriend({ name }) {
    const agreed = new Promise((resolve) => this.#waiting.set(name, resolve));
    this.#socket.write(`<presence type='subscribe' to='${name}@localhost'/>`);
    return agreed;
  }

  get name() {
    return this.#name;
  }

  leave() {
    this.#socket.destroy();
  }

  #read(data) {
    this.#text += data.toString('latin1');
    const end = this.#text.lastIndexOf('>') + 1;
    const whole = this.#text.slice(0, end);
    this.#text = this.#text.slice(end);
    for (const [tag] of whole.matchAll(/<presence [^>]*type='subscribe'[^>]*>/g)) {
      const from = /from='([^']*)'/.exec(tag)[1];
      const back = this.#waiting.has(from.split('@')[0]) ? '' : `<presence type='subscribe' to='${from}'/>`;
      this.#socket.write(`<presence type='subscribed' to='${from}'/>${back}`);
    }
    for (const [item] of whole.matchAll(/<item [^>]*subscription='both'[^>]*>/g)) {
      const name = /jid='([^@]*)@/.exec(item)[1];
      this.#waiting.get(name)?.();
    }
  }
}
