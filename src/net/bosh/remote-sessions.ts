/** Brings requests to the shard where their session lives, and the answers back to the one that has the client's connection. */
import type { ShardCalls } from '../../core/shards/shard-calls.js';
import type { Cancel, Clock } from '../../platform/clock.js';
import { refusal } from './answer-text.js';
import type { BoshExchange, BoshRequest } from './binding.js';
import type { BoshClient } from './client.js';
import type { Abandon, Posted, Replier } from './sessions.js';

export interface RemoteParts {
  readonly shard: number;
  readonly shards: number;
  readonly calls: ShardCalls;
  readonly clock: Clock;
}

interface Asking {
  readonly from: number;
  readonly id: number;
}

interface Given {
  readonly id: number;
  readonly status: number;
  readonly body: Uint8Array;
  readonly contentType: string;
}

interface Away {
  readonly shard: number;
  readonly replier: Replier;
}

/** How often we ask whether the other shard still knows of what it holds: it may have died meanwhile. */
const LOOK_EVERY_MS = 2_000;
const SID = /^(\d{1,4})-[0-9a-f]+$/;
const CONTENT_TYPE = 'text/xml; charset=utf-8';

export class RemoteSessions {
  readonly #parts: RemoteParts;
  readonly #client: (sid: string) => BoshClient | undefined;
  /** Requests of our clients, held by other shards. */
  readonly #away = new Map<number, Away>();
  /** Requests of other shards' clients, by who asks. */
  readonly #held = new Map<string, { client: BoshClient; exchange: BoshExchange }>();
  #next = 1;
  #looking: Cancel | undefined;

  constructor(parts: RemoteParts, client: (sid: string) => BoshClient | undefined) {
    this.#parts = parts;
    this.#client = client;
    const { calls } = parts;
    calls.serve('bosh.request', (args: Asking & { sid: string; isSecure: boolean; request: BoshRequest }) =>
      this.#asked(args),
    );
    calls.serve('bosh.answer', (given: Given) => this.#answered(given));
    calls.serve('bosh.gone', (asking: Asking) => this.#gone(asking));
    calls.serve('bosh.held', ({ from, ids }: { from: number; ids: number[] }) =>
      ids.filter((id) => this.#held.has(name({ from, id }))),
    );
  }

  /** Requests that wait here for an answer of another shard. */
  get waiting(): number {
    return this.#away.size;
  }

  request(sid: string, request: BoshRequest, { replier, isSecure }: Posted): Abandon {
    const { shard: from, shards, calls } = this.#parts;
    const shard = Number(SID.exec(sid)?.[1] ?? shards);
    if (shard >= shards || shard === from) {
      unknown(replier);
      return () => {};
    }
    const id = this.#next++;
    this.#away.set(id, { shard, replier });
    this.#look();
    const lost = () => {
      if (this.#away.delete(id)) unknown(replier);
    };
    calls.ask<boolean>(shard, 'bosh.request', { from, id, sid, isSecure, request }).then((isKnown) => {
      if (!isKnown) lost();
    }, lost);
    return () => {
      // A shard that does not hear it has died, and took the session along.
      if (this.#away.delete(id)) calls.ask(shard, 'bosh.gone', { from, id }).catch(() => {});
    };
  }

  #asked({ from, id, sid, isSecure, request }: Asking & { sid: string; isSecure: boolean; request: BoshRequest }) {
    const client = this.#client(sid);
    if (!client || (client.isSecure && !isSecure)) return false;
    const key = name({ from, id });
    const exchange: BoshExchange = {
      answer: ({ status, body }) => {
        this.#held.delete(key);
        const given: Given = { id, status, body, contentType: client.contentType };
        this.#parts.calls.ask(from, 'bosh.answer', given).catch(() => {});
      },
    };
    this.#held.set(key, { client, exchange });
    client.request(request, exchange);
    return true;
  }

  #answered({ id, status, body, contentType }: Given): void {
    const away = this.#away.get(id);
    this.#away.delete(id);
    away?.replier.reply({ status, body }, contentType);
  }

  #gone(asking: Asking): void {
    const held = this.#held.get(name(asking));
    this.#held.delete(name(asking));
    held?.client.abandoned(held.exchange);
  }

  #look(): void {
    this.#looking ??= this.#parts.clock.every(LOOK_EVERY_MS, () => {
      const byShard = new Map<number, number[]>();
      for (const [id, { shard }] of this.#away) byShard.set(shard, [...(byShard.get(shard) ?? []), id]);
      for (const [shard, ids] of byShard) void this.#ask(shard, ids);
      if (this.#away.size > 0) return;
      this.#looking?.();
      this.#looking = undefined;
    });
  }

  /** An answer that is on its way comes before this one, so what is then neither held nor here is lost. */
  async #ask(shard: number, ids: readonly number[]): Promise<void> {
    const { calls, shard: from } = this.#parts;
    const held = await calls.ask<number[]>(shard, 'bosh.held', { from, ids }).catch((): number[] => []);
    for (const id of ids) {
      const away = this.#away.get(id);
      if (!away || held.includes(id)) continue;
      this.#away.delete(id);
      unknown(away.replier);
    }
  }
}

function name({ from, id }: Asking): string {
  return `${from}-${id}`;
}

function unknown(replier: Replier): void {
  replier.reply(refusal('item-not-found', false), CONTENT_TYPE);
}
