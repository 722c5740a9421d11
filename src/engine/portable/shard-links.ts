/** What shards say to one another over message ports: gathered for a loop turn, bounded, and told apart by peer. */
import type { MessagePort } from 'node:worker_threads';

/** First a code of `say`, then what it needs. */
export type Message = readonly [code: number, ...rest: unknown[]];

export interface LinkEvents {
  told(shard: number, message: Message): void;
  /** That shard, or its port, is gone. */
  lost(shard: number): void;
  /** Has `flush` called at the end of this loop turn. */
  waiting(): void;
}

/** Bytes that a shard may leave with another one that does not read; the native engine's mailboxes hold as much. */
const MOST_BYTES = 64 * 1024 * 1024;
/** What a message costs beside its bytes. */
const MESSAGE_BYTES = 64;

interface Post {
  /** Bytes of the parcel that the other side has read. */
  readonly read?: number;
  readonly messages: Message[];
  readonly bytes: number;
}

interface Link {
  readonly port: MessagePort;
  messages: Message[];
  bytes: number;
  /** Posted, and not yet read by the other side. */
  unread: number;
  /** Read here, and not yet told to the other side. */
  read: number;
  detach(): void;
}

export class ShardLinks {
  readonly #events: LinkEvents;
  readonly #links = new Map<number, Link>();

  constructor(events: LinkEvents) {
    this.#events = events;
  }

  /** A port that replaces another one ends what went over that. */
  link(shard: number, port: MessagePort): void {
    this.#lose(shard);
    const onMessage = (post: Post): void => this.#received(shard, post);
    const onClose = (): void => this.#lose(shard);
    port.on('message', onMessage);
    port.on('close', onClose);
    const detach = (): void => {
      port.off('message', onMessage);
      port.off('close', onClose);
      port.close();
    };
    this.#links.set(shard, { port, messages: [], bytes: 0, unread: 0, read: 0, detach });
  }

  isLinked(shard: number): boolean {
    return this.#links.has(shard);
  }

  /** False when that shard is not linked, or leaves too much unread. `bytes` is what the message holds. */
  say(shard: number, message: Message, bytes: number): boolean {
    const link = this.#links.get(shard);
    const cost = bytes + MESSAGE_BYTES;
    if (!link || link.unread + link.bytes + cost > MOST_BYTES) return false;
    this.#add(link, message, cost);
    return true;
  }

  /** For what must not get lost: it is bounded by its own rules. */
  insist(shard: number, message: Message, bytes: number): void {
    const link = this.#links.get(shard);
    if (link) this.#add(link, message, bytes + MESSAGE_BYTES);
  }

  /** Posts what has gathered, one message a shard. */
  flush(): void {
    for (const link of this.#links.values()) {
      if (link.messages.length === 0 && link.read === 0) continue;
      const post: Post = { messages: link.messages, bytes: link.bytes, read: link.read };
      link.unread += link.bytes;
      link.messages = [];
      link.bytes = 0;
      link.read = 0;
      link.port.postMessage(post);
    }
  }

  stop(): void {
    for (const link of this.#links.values()) link.detach();
    this.#links.clear();
  }

  #add(link: Link, message: Message, cost: number): void {
    link.messages.push(message);
    link.bytes += cost;
    this.#events.waiting();
  }

  #received(shard: number, post: Post): void {
    const link = this.#links.get(shard);
    if (!link) return;
    link.unread -= post.read ?? 0;
    link.read += post.bytes;
    if (post.bytes > 0) this.#events.waiting();
    for (const message of post.messages) this.#events.told(shard, message);
  }

  #lose(shard: number): void {
    const link = this.#links.get(shard);
    if (!link) return;
    this.#links.delete(shard);
    link.detach();
    this.#events.lost(shard);
  }
}
