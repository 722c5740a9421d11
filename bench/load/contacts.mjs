/** Makes accounts contacts of one another, who see each other's presence (RFC 6121 section 3). */
import { Gate } from './gate.mjs';

/** Pairs that are being made at a time. */
const ABREAST = 20;

/** `pairs` are sessions by two, available and with their `roster` read. What is there already stays. */
export async function befriend(pairs, patienceMs) {
  const makers = new Map();
  for (const session of new Set(pairs.flat())) makers.set(session, new Maker(session));
  const gate = new Gate(ABREAST, 0);
  await Promise.all(
    pairs.map(([one, other]) =>
      gate.pass(() =>
        inTime(
          Promise.all([makers.get(one).with(other.bareJid), makers.get(other).isWith(one.bareJid)]),
          patienceMs,
          `${one.bareJid} and ${other.bareJid} did not become contacts`,
        ),
      ),
    ),
  );
  for (const maker of makers.values()) maker.stop();
}

/** Asks for subscriptions, and agrees to every one. */
class Maker {
  #session;
  #known;
  #waiting = new Map();
  #asked = new Set();
  #onPresence;

  constructor(session) {
    this.#session = session;
    this.#known = contactsOf(session.roster);
    this.#onPresence = session.onPresence;
    session.onPresence = (view) => this.#presence(view);
    session.onRosterPush = (text) => this.#pushed(text);
  }

  with(bareJid) {
    if (!this.#known.has(bareJid)) this.#session.send(`<presence type='subscribe' to='${bareJid}'/>`);
    return this.isWith(bareJid);
  }

  isWith(bareJid) {
    if (this.#known.has(bareJid)) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(bareJid, resolve));
  }

  stop() {
    this.#session.onPresence = this.#onPresence;
    this.#session.onRosterPush = undefined;
  }

  #presence(view) {
    if (view.type !== 'subscribe') return this.#onPresence(view);
    const to = view.from.split('/')[0];
    this.#session.send(`<presence type='subscribed' to='${to}'/>`);
    if (!this.#asked.has(to) && !this.#known.has(to)) {
      this.#asked.add(to);
      this.#session.send(`<presence type='subscribe' to='${to}'/>`);
    }
  }

  #pushed(text) {
    for (const jid of contactsOf(text)) {
      this.#known.add(jid);
      this.#waiting.get(jid)?.();
      this.#waiting.delete(jid);
    }
  }
}

/** Those who see each other. */
function contactsOf(text) {
  const found = new Set();
  for (const [item] of text.matchAll(/<item [^>]*>/g)) {
    if (/\ssubscription=['"]both['"]/.test(item)) found.add(/\sjid=['"]([^'"]+)/.exec(item)[1]);
  }
  return found;
}

function inTime(work, patienceMs, what) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${what} in time`)), patienceMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
