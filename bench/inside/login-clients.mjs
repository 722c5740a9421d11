/** The process of the clients whose logins are measured: all of them take one step, then wait for the order to take the next. */
import { once } from 'node:events';
import { connect } from '../lib/client.mjs';

const HEADER =
  "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const BIND =
  "<iq type='set' id='b'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>";
const OPTIONS = [
  ["<iq type='set' id='c'><enable xmlns='urn:xmpp:carbons:2'/></iq>", "id='c'"],
  ["<enable xmlns='urn:xmpp:sm:3' resume='true'/>", '<enabled'],
];
const ROSTER = "<iq type='get' id='r'><query xmlns='jabber:iq:roster'/></iq>";
const PATIENCE_MS = 60_000;
/** Clients that take a step at a time. */
const ABREAST = 10;

/** One client: counts what comes, and answers what it has to. */
class Client {
  #socket;
  #text = '';
  #rest = '';
  #presences = 0;
  #stanzas = 0;
  #isManaged = false;
  #wake = () => {};

  constructor(socket) {
    this.#socket = socket.on('error', () => {}).on('data', (data) => this.#read(data.toString('latin1')));
    socket.resume();
  }

  async authenticate(name) {
    await this.#ask(HEADER, '</stream:features>');
    const response = Buffer.from(`\0${name}\0secret`).toString('base64');
    await this.#ask(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${response}</auth>`, '<success');
    await this.#ask(HEADER, '</stream:features>');
  }

  bind = () => this.#ask(BIND, '</iq>');

  async enable() {
    for (const [request, answer] of OPTIONS) await this.#ask(request, answer);
    this.#isManaged = true;
    this.#stanzas = 0;
  }

  roster = () => this.#ask(ROSTER, '</iq>');

  /** Comes back when so many presences have come. */
  async available(count) {
    this.#presences = 0;
    this.#socket.write('<presence/>');
    await this.#until(
      () => this.#presences >= count,
      () => `${this.#presences} presences came, not ${count}`,
    );
  }

  async leave() {
    this.#socket.write("<presence type='unavailable'/></stream:stream>");
    await once(this.#socket, 'close');
  }

  async #ask(request, answer) {
    this.#text = '';
    this.#socket.write(request);
    await this.#until(
      () => this.#text.includes(answer),
      () => `${answer} did not come: ${this.#text}`,
    );
  }

  async #until(isDone, complaint) {
    const deadline = Date.now() + PATIENCE_MS;
    while (!isDone()) {
      if (this.#socket.destroyed || Date.now() > deadline) throw new Error(complaint());
      await new Promise((resolve) => {
        const timer = setTimeout(resolve, PATIENCE_MS);
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
  }

  /** Whole tags only. */
  #read(text) {
    const all = this.#rest + text;
    const end = all.lastIndexOf('>') + 1;
    const tags = all.slice(0, end);
    this.#rest = all.slice(end);
    this.#text += tags;
    const presences = occurrences(tags, '<presence');
    this.#presences += presences;
    this.#stanzas += presences + occurrences(tags, '<iq ');
    // One for each request, as clients do.
    const acknowledgement = `<a xmlns='urn:xmpp:sm:3' h='${this.#stanzas}'/>`;
    if (this.#isManaged && tags.includes('<r ')) this.#socket.write(acknowledgement.repeat(occurrences(tags, '<r ')));
    this.#wake();
  }
}

const works = {
  /** Contacts who are there all the time, and say nothing. */
  attend: async ({ port, names }) => {
    await each(names, async (name) => {
      const client = new Client(await connect({ port }));
      await client.authenticate(name);
      await client.bind();
      await client.available(1);
    });
  },
  connect: ({ port, names }) =>
    each(names, async (name) => {
      const client = new Client(await connect({ port }));
      clients.push(client);
      await client.authenticate(name);
    }),
  bind: () => each(clients, (client) => client.bind()),
  options: () => each(clients, (client) => client.enable()),
  roster: () => each(clients, (client) => client.roster()),
  presence: ({ presences }) => each(clients, (client) => client.available(presences)),
  leave: () => each(clients.splice(0), (client) => client.leave()),
};

const clients = [];

process.on('message', async ({ work, args }) => {
  try {
    await works[work](args);
    process.send({ result: true });
  } catch (error) {
    process.send({ failure: error.stack });
  }
});
process.on('disconnect', () => process.exit());

/** A few at a time. */
async function each(items, work) {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await work(item);
  };
  await Promise.all(Array.from({ length: ABREAST }, worker));
}

function occurrences(text, part) {
  let count = 0;
  for (let at = text.indexOf(part); at !== -1; at = text.indexOf(part, at + part.length)) count++;
  return count;
}
