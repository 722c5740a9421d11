/** Pages through the archive of an account, and checks that each message is in it once and in its place (XEP-0313, XEP-0059). */
import { now } from '../measure/clock.mjs';

const MAM = 'urn:xmpp:mam:2';
const RSM = 'http://jabber.org/protocol/rsm';

export class ArchiveReader {
  #session;
  #size;
  #filled;
  /** Where this run begins: what is in front of it was there before. */
  #start;
  #results = [];
  #queries = 0;

  /** `filled` is the channel whose messages the archive has to have. */
  constructor(session, { size, filled }) {
    this.#session = session;
    this.#size = size;
    this.#filled = filled;
  }

  get jid() {
    return this.#session.bareJid;
  }

  /** Finds the end of the archive as it is. */
  async begin() {
    this.#start = (await this.#page(1, '<before/>')).last;
  }

  /** Whether a message is a result, and none that somebody has sent just now. */
  takes(view, ledger) {
    if (ledger.knows(view.id)) return false;
    const { text } = view;
    if (!text.includes('<result')) return false;
    this.#results.push(text);
    return true;
  }

  /** From this run's first message to the last. Returns what is wrong, if anything; each page has its time told. */
  async walk(messages, { onPage = () => {}, isRunning = () => true } = {}) {
    let [next, after, isComplete] = [0, this.#start, false];
    while (!isComplete && isRunning()) {
      const began = now();
      const page = await this.#page(this.#size, after === undefined ? '' : `<after>${after}</after>`);
      await onPage(now() - began);
      for (const id of page.ids) {
        const number = this.#filled.numberOf(id);
        if (number === undefined) continue;
        if (number !== next) return `has message ${number} where ${next} should be`;
        next++;
      }
      if (page.ids.length === 0 && !page.isComplete) return 'is not complete, and goes on with nothing';
      ({ last: after, isComplete } = page);
    }
    return isComplete && next < messages ? `ends with message ${next} of ${messages}` : undefined;
  }

  /** Ids of the messages of one page, in their order. */
  async #page(size, place) {
    this.#results = [];
    const set = `<set xmlns='${RSM}'><max>${size}</max>${place}</set>`;
    const queryId = `p${this.#queries++}`;
    const answer = await this.#session.ask('set', `<query xmlns='${MAM}' queryid='${queryId}'>${set}</query>`);
    const ids = this.#results
      .filter((text) => text.includes(queryId))
      .map((text) => /<forwarded.*?<message[^>]*?\sid=['"]([^'"]*)/s.exec(text)?.[1] ?? '');
    return {
      ids,
      last: /<last[^>]*>([^<]*)<\/last>/.exec(answer)?.[1],
      isComplete: /<fin[^>]*\scomplete=['"]true['"]/.test(answer),
    };
  }
}
