/** Pairs that chat: each answers what comes (closed loop), or all write at their times whatever comes (open loop). */
import { now } from '../../measure/clock.mjs';
import { amount, choice, count, flag } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

export const chat = {
  doc: 'pairs of clients that chat',
  operation: 'message',
  options: {
    pairs: count(50, 'pairs of clients'),
    loop: choice(
      'closed',
      ['closed', 'open'],
      'closed: whoever got a message answers; open: messages have their times',
    ),
    pipeline: count(1, 'messages that a client sends at once, and that are answered with as many (closed loop)'),
    rate: amount(1_000, 'messages a second of all together (open loop)'),
    random: flag(true, 'arrivals by chance (Poisson) instead of evenly (open loop)'),
    bytes: count(260, 'size of a message'),
    managed: flag(false, 'with stream management (XEP-0198): acknowledgements both ways'),
    devices: count(1, 'clients of each account; all but the first get copies (XEP-0280)'),
  },
  units: ({ pairs }) => pairs,
  connections: ({ pairs, devices }) => 2 * pairs * devices,
  needsAccounts: ({ devices }) => devices > 1,
  create: (scene) => new Chat(scene),
};

class Chat {
  #scene;
  #chatters = [];
  #onlookers = [];
  #loop;
  #isRunning = false;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: pairs, settings, connector } = this.#scene;
    const message = this.#scene.operation('message');
    const names = Array.from({ length: 2 * pairs }, (_, index) => connector.name('chatter', 2 * first + index));
    await this.#scene.register(names);
    this.#chatters = await this.#scene.each(names.length, async (index) => {
      const chatter = new Chatter(await this.#scene.login(names[index]), this.#scene, message);
      if (settings.managed) await chatter.session.manage();
      await chatter.session.available();
      return chatter;
    });
    for (const [index, one] of this.#chatters.entries()) one.meet(this.#chatters[index ^ 1]);
    if (settings.devices > 1) await this.#lookOn(names);
  }

  start() {
    this.#isRunning = true;
    const { settings } = this.#scene;
    if (settings.loop === 'closed') {
      for (const one of this.#chatters) one.answerEach(settings.pipeline, () => this.#isRunning);
      for (let index = 0; index < this.#chatters.length; index += 2)
        this.#chatters[index].send(settings.pipeline, now());
      return;
    }
    const send = (chatter, dueAt) => chatter.send(1, dueAt);
    this.#loop = this.#scene.inTurns(this.#chatters, send, { isRandom: settings.random });
  }

  async stop() {
    this.#isRunning = false;
    this.#loop?.stop();
    await this.#scene.drained();
  }

  async finish() {
    await this.#scene.endAll([...this.#chatters.map(({ session }) => session), ...this.#onlookers]);
  }

  async #lookOn(names) {
    const more = this.#scene.settings.devices - 1;
    this.#onlookers = await this.#scene.each(names.length * more, async (index) => {
      const account = index % names.length;
      const session = await this.#scene.login(names[account], `device${1 + Math.floor(index / names.length)}`);
      await session.ask('set', "<enable xmlns='urn:xmpp:carbons:2'/>");
      await session.available();
      const [own, others] = [this.#chatters[account], this.#chatters[account ^ 1]];
      for (const { channel } of [own, others]) channel.addReader(session);
      session.onMessage = (view) => this.#copied(session, view.text, own, others);
      return session;
    });
  }

  /** A copy holds the message as it was (XEP-0280 section 5); its sender is one of the two. */
  #copied(session, text, own, others) {
    const inner = /<forwarded[^>]*>.*?<message([^>]*)>/s.exec(text)?.[1] ?? '';
    const id = /\sid=['"]([^'"]+)/.exec(inner)?.[1];
    const from = /\sfrom=['"]([^'"]+)/.exec(inner)?.[1];
    const sender = text.includes('<sent') ? own : others;
    this.#scene.ledger.arrived(id, from ?? sender.session.jid, session);
    this.#scene.add('copies');
  }
}

class Chatter {
  session;
  channel;
  #ledger;
  #message;
  #bytes;
  #write;
  #owed = 0;
  #onArrival = () => {};

  constructor(session, { ledger, settings }, message) {
    this.session = session;
    this.#ledger = ledger;
    this.#message = message;
    this.#bytes = settings.bytes;
    session.onMessage = (view) => this.#came(view);
  }

  /** The peer reads what this one sends. */
  meet(peer) {
    this.channel = this.#ledger.channel(this.session.jid).addReader(peer.session);
    this.#write = chatWriter(peer.session.jid, this.#bytes, { extra: this.session.stamp });
  }

  send(count, dueAt) {
    for (let i = 0; i < count; i++) this.session.send(this.#write(this.channel.next(dueAt)));
    if (this.session.isManaged) this.session.requestAcknowledgement();
  }

  answerEach(pipeline, isRunning) {
    this.#onArrival = () => {
      if (++this.#owed < pipeline || !isRunning()) return;
      this.#owed -= pipeline;
      this.send(pipeline, now());
    };
  }

  #came(view) {
    const dueAt = this.#ledger.arrived(view.id, view.from, this.session);
    if (Number.isNaN(dueAt)) return;
    this.#message.record(now() - dueAt);
    this.#onArrival();
  }
}
