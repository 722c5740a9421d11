/** Group chat (XEP-0045): what one occupant says reaches all of a room. */
import { randomBytes } from 'node:crypto';
import { now } from '../../measure/clock.mjs';
import { amount, choice, count } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

const MUC = 'http://jabber.org/protocol/muc';
const INSTANT_ROOM = `<query xmlns='${MUC}#owner'><x xmlns='jabber:x:data' type='submit'/></query>`;

export const room = {
  doc: 'rooms whose occupants talk',
  operation: 'message',
  options: {
    rooms: count(5, 'rooms'),
    occupants: count(20, 'occupants of each'),
    loop: choice(
      'open',
      ['closed', 'open'],
      'closed: in each room the next message follows when all have the last one',
    ),
    rate: amount(50, 'messages a second of all together, each of which reaches every occupant (open loop)'),
    bytes: count(260, 'size of a message'),
  },
  units: ({ rooms }) => rooms,
  connections: ({ rooms, occupants }) => rooms * occupants,
  needsAccounts: () => false,
  create: (scene) => new Rooms(scene),
};

class Rooms {
  #scene;
  #rooms = [];
  #isRunning = false;
  #loop;
  #service;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: rooms, settings, connector } = this.#scene;
    const names = Array.from({ length: rooms * settings.occupants }, (_, index) =>
      connector.name('talker', first * settings.occupants + index),
    );
    await this.#scene.register(names);
    const sessions = await this.#scene.each(names.length, async (index) => {
      const session = await this.#scene.login(names[index]);
      await session.available();
      return session;
    });
    const tag = randomBytes(4).toString('hex');
    for (let index = 0; index < rooms; index++) {
      this.#service ??= await findService(sessions[0]);
      const jid = `bench-${tag}-${first + index}@${this.#service}`;
      const occupants = sessions.slice(index * settings.occupants, (index + 1) * settings.occupants);
      this.#rooms.push(await new Room(jid, occupants, this.#scene).open());
    }
  }

  start() {
    this.#isRunning = true;
    const { settings } = this.#scene;
    if (settings.loop === 'closed') {
      for (const one of this.#rooms) one.talkOnAndOn(() => this.#isRunning);
      return;
    }
    this.#loop = this.#scene.inTurns(this.#rooms, (room, dueAt) => room.talk(dueAt));
  }

  async stop() {
    this.#isRunning = false;
    this.#loop?.stop();
    await this.#scene.drained();
  }

  finish() {
    return this.#scene.endAll(this.#rooms.flatMap(({ sessions }) => sessions));
  }
}

class Room {
  sessions;
  #jid;
  #scene;
  #channels = [];
  #write;
  #turn = 0;
  #left = 0;
  #onAllTold = () => {};

  constructor(jid, sessions, scene) {
    this.#jid = jid;
    this.sessions = sessions;
    this.#scene = scene;
    this.#write = chatWriter(jid, scene.settings.bytes, { type: 'groupchat' });
  }

  /** The first one makes the room, and opens it to the others. */
  async open() {
    const [owner, ...others] = this.sessions;
    await this.#join(owner, 0);
    await owner.ask('set', INSTANT_ROOM, this.#jid);
    for (const [index, session] of others.entries()) await this.#join(session, index + 1);
    const message = this.#scene.operation('message');
    this.#channels = this.sessions.map((_, index) => this.#scene.ledger.channel(`${this.#jid}/n${index}`));
    for (const session of this.sessions) {
      for (const channel of this.#channels) channel.addReader(session);
      session.onMessage = (view) => {
        const dueAt = this.#scene.ledger.arrived(view.id, view.from, session);
        if (Number.isNaN(dueAt)) return;
        message.record(now() - dueAt);
        if (--this.#left === 0) this.#onAllTold();
      };
    }
    return this;
  }

  talk(dueAt) {
    const speaker = this.#turn++ % this.sessions.length;
    this.#left = this.sessions.length;
    this.sessions[speaker].send(this.#write(this.#channels[speaker].next(dueAt)));
  }

  talkOnAndOn(isRunning) {
    this.#onAllTold = () => {
      if (isRunning()) this.talk(now());
    };
    this.talk(now());
  }

  #join(session, index) {
    const nick = `${this.#jid}/n${index}`;
    return new Promise((resolve, reject) => {
      const ms = this.#scene.run.patience * 1_000;
      const timer = setTimeout(() => reject(new Error(`joining ${this.#jid} was not answered in time`)), ms);
      const { onPresence } = session;
      session.onPresence = (view) => {
        if (view.from !== nick && !(view.type === 'error' && view.from?.startsWith(this.#jid))) return;
        clearTimeout(timer);
        session.onPresence = onPresence;
        if (view.type === 'error') reject(new Error(`the server refuses to open rooms: ${view.text}`));
        else resolve();
      };
      session.send(`<presence to='${nick}'><x xmlns='${MUC}'><history maxstanzas='0'/></x></presence>`);
    });
  }
}

/** A service that has rooms, among those of the domain (XEP-0045 section 6.1). */
async function findService(session) {
  const items = await session.ask('get', "<query xmlns='http://jabber.org/protocol/disco#items'/>", session.domain);
  for (const [, jid] of items.matchAll(/<item [^>]*?jid=['"]([^'"]+)/g)) {
    const info = await session
      .ask('get', "<query xmlns='http://jabber.org/protocol/disco#info'/>", jid)
      .catch((error) => error.message);
    if (/category=['"]conference['"]/.test(info) && info.includes(MUC)) return jid;
  }
  throw new Error('the server offers no group chat');
}
