/** A client of the floor: a forwarder that joins connections in pairs, and stamps nothing. */
import { Session } from './session.mjs';

/** Clients 2n and 2n + 1 are a pair. Answers when the pair is complete, so both have to be asked for. */
export async function enterFloor(wire, username, options) {
  const number = Number(/\d+$/.exec(username)[0]);
  const jid = `${username}@floor/bench`;
  // What stands behind the number is what the other one gets, and its reader wants a stream to begin with.
  const greeting = `${number >> 1}\n${options.header}<stream:features/>`;
  const link = await wire.connect({ ...options, preamble: Buffer.from(greeting) });
  await link.read();
  return new FloorSession(link, { jid, patienceMs: options.patienceMs });
}

class FloorSession extends Session {
  get stamp() {
    return ` from='${this.jid}'`;
  }

  /** Nobody hears of it. */
  async available() {}

  /** The other end stays as it is. */
  end() {
    return this.link.abort();
  }
}
