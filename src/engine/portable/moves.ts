/** The connections that moved between shards: relays for those that left, transports for those that came. */
import type { Departure, TransportFacts } from './departure.js';
import { Relay, RelayedTransport, say } from './relay.js';
import type { Message, ShardLinks } from './shard-links.js';
import type { Transport } from './transport.js';

interface Held<T> {
  readonly shard: number;
  readonly half: T;
}

export class Moves {
  readonly #links: ShardLinks;
  readonly #relays = new Map<number, Held<Relay>>();
  /** By shard and the relay's number there. */
  readonly #guests = new Map<string, Held<RelayedTransport>>();
  #lastNumber = 0;

  constructor(links: ShardLinks) {
    this.#links = links;
  }

  /** Sends a connection off. The transport is ours from now on. */
  send(shard: number, departure: Departure, facts: TransportFacts, transport: Transport): void {
    const number = ++this.#lastNumber;
    this.#links.insist(shard, [say.MOVED, number, departure, facts], unreadBytes(departure) + departure.state.length);
    const tell = (message: Message, bytes: number): void => this.#links.insist(shard, message, bytes);
    const relay = new Relay(number, transport, tell, () => this.#relays.delete(number));
    this.#relays.set(number, { shard, half: relay });
  }

  /** The transport of a connection that another shard sent. */
  receive(shard: number, number: number, facts: TransportFacts): RelayedTransport {
    const key = `${shard} ${number}`;
    const tell = (message: Message, bytes: number): void => this.#links.insist(shard, message, bytes);
    const transport = new RelayedTransport(number, facts, tell, () => this.#guests.delete(key));
    this.#guests.set(key, { shard, half: transport });
    return transport;
  }

  /** A message about one of them. */
  told(shard: number, message: Message): void {
    const [code, number] = message as [number, number];
    if (code < say.WRITE) {
      this.#guests.get(`${shard} ${number}`)?.half.told(message);
      return;
    }
    const relay = this.#relays.get(number);
    if (relay?.shard === shard) relay.half.told(message);
  }

  /** That shard is gone: its connections here, and ours there, end. */
  lost(shard: number): void {
    for (const held of [...this.#relays.values()]) if (held.shard === shard) held.half.end();
    for (const held of [...this.#guests.values()]) if (held.shard === shard) held.half.lose();
  }
}

function unreadBytes({ unread }: Departure): number {
  return unread.reduce((sum, { bytes }) => sum + bytes.length, 0);
}
