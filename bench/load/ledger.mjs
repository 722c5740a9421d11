/** Numbers every message, and finds those that are lost, doubled, out of order, or under a wrong name. */

const FIRST_CAPACITY = 4;
/** Of one channel, under way at a time; beyond it latencies are no longer known. */
const MOST_CAPACITY = 1 << 17;

/** `tag` stands in front of every number: what an earlier run has left behind is told apart by it. */
export class Ledger {
  #tag;
  #channels = [];
  /** Deliveries so far, by what became of them. */
  received = 0;
  doubled = 0;
  disordered = 0;
  /** Came from somebody else than who sent it. */
  misnamed = 0;
  /** Not of this run. */
  foreign = 0;
  refused = 0;

  constructor(tag) {
    this.#tag = `${tag}.`;
  }

  /** What one sender sends to some readers, each of whom gets all of it. `from` is how readers see the sender: full or bare. */
  channel(from) {
    const channel = new Channel(`${this.#tag}${this.#channels.length}.`, from);
    this.#channels.push(channel);
    return channel;
  }

  /** A message came to a reader. Returns when it was due, `NaN` for one whose latency does not count. */
  arrived(id, from, reader) {
    const found = this.#find(id);
    const mark = found?.channel.readers.get(reader);
    if (!mark) {
      this.foreign++;
      return Number.NaN;
    }
    const { channel, number } = found;
    this.received++;
    if (!channel.isFrom(from)) this.misnamed++;
    const fate = mark.take(number);
    if (fate === 'doubled') this.doubled++;
    if (fate === 'late') this.disordered++;
    // Of one that was thought lost the time may be forgotten.
    return fate === 'doubled' || fate === 'late' ? Number.NaN : channel.dueAt(number);
  }

  /** The server has sent it back to its sender. False when it is none of ours. */
  sentBack(id) {
    const found = this.#find(id);
    if (!found) return false;
    this.refused++;
    for (const mark of found.channel.readers.values()) mark.take(found.number);
    return true;
  }

  /** Whether a message is one of this run. */
  knows(id) {
    return this.#find(id) !== undefined;
  }

  /** Deliveries that were to be, and those that are still missing. */
  totals() {
    let [sent, expected, missing] = [0, 0, 0];
    for (const channel of this.#channels) {
      sent += channel.sent;
      for (const mark of channel.readers.values()) {
        expected += channel.sent - mark.start;
        missing += mark.missingOf(channel.sent);
      }
    }
    const { received, doubled, disordered, misnamed, foreign, refused } = this;
    return { sent, expected, received, lost: missing, doubled, disordered, misnamed, foreign, refused };
  }

  #find(id) {
    if (id === undefined || !id.startsWith(this.#tag)) return undefined;
    const dot = id.indexOf('.', this.#tag.length);
    const channel = this.#channels[Number(id.slice(this.#tag.length, dot))];
    const number = Number(id.slice(dot + 1));
    return dot !== -1 && channel && number < channel.sent ? { channel, number } : undefined;
  }
}

export class Channel {
  sent = 0;
  from;
  /** By whoever reads: how far. */
  readers = new Map();
  #front;
  #due = new Float64Array(FIRST_CAPACITY);
  #known = 0;

  constructor(front, from) {
    this.#front = front;
    this.from = from;
  }

  /** Gets everything from now on. */
  addReader(reader) {
    this.readers.set(reader, new Mark(this.sent));
    return this;
  }

  /** Its number, of a message of this channel. */
  numberOf(id) {
    return id.startsWith(this.#front) ? Number(id.slice(this.#front.length)) : undefined;
  }

  /** The id of the next message, which is due then. */
  next(dueAt) {
    const number = this.sent++;
    if (number - this.#slowest() >= this.#due.length) this.#grow();
    this.#due[number % this.#due.length] = dueAt;
    return this.#front + number;
  }

  dueAt(number) {
    return this.sent - number > this.#due.length ? Number.NaN : this.#due[number % this.#due.length];
  }

  isFrom(from) {
    if (from === this.from || this.from === undefined) return true;
    return !this.from.includes('/') && from !== undefined && from.startsWith(`${this.from}/`);
  }

  /** The number that every reader has come to; looked up only when it matters. */
  #slowest() {
    if (this.sent - this.#known <= this.#due.length) return this.#known;
    this.#known = this.sent;
    for (const mark of this.readers.values()) this.#known = Math.min(this.#known, mark.next);
    return this.#known;
  }

  #grow() {
    if (this.#due.length >= MOST_CAPACITY) return;
    const old = this.#due;
    this.#due = new Float64Array(old.length * 2);
    for (let number = Math.max(0, this.sent - 1 - old.length); number < this.sent - 1; number++) {
      this.#due[number % this.#due.length] = old[number % old.length];
    }
  }
}

/** How far one reader has come. */
class Mark {
  start;
  /** The number behind the highest that came. */
  next;
  /** Numbers below it that did not come yet. */
  #missing;

  constructor(start) {
    this.start = start;
    this.next = start;
  }

  take(number) {
    if (number === this.next) {
      this.next++;
      return 'next';
    }
    if (number > this.next) {
      this.#missing ??= new Set();
      for (let skipped = this.next; skipped < number; skipped++) this.#missing.add(skipped);
      this.next = number + 1;
      return 'early';
    }
    return this.#missing?.delete(number) ? 'late' : 'doubled';
  }

  missingOf(sent) {
    return sent - this.next + (this.#missing?.size ?? 0);
  }
}
