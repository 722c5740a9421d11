/** Finds the page of an archive that is asked for, at a cost that does not grow with the archive. */
import { StanzaError } from '../../protocol/errors.js';
import { MAX_ID } from './archive-id.js';
import type { ArchiveStore, MessageFilter, StoredMessage } from './archive-store.js';
import { jidFormat } from './jid-format.js';
import type { LookupRequest } from './lookup-request.js';
import type { Owner } from './owner.js';
import type { ArchiveSettings } from './settings.js';

export interface LookupResult {
  readonly messages: readonly StoredMessage[];
  /** Nothing of what was asked for lies beyond this page in the direction of the request. */
  readonly isComplete: boolean;
  /** Unset where it is not counted. */
  readonly count?: number | undefined;
  readonly firstIndex?: number | undefined;
}

/** Messages of one archive that are looked through at once in a search: what others have to wait for. */
const SEARCH_STEP = 2_000;

export class Lookup {
  readonly #store: ArchiveStore;
  readonly #settings: ArchiveSettings;
  readonly #maxCount: number;

  /** Beyond `maxCount` messages are not counted. */
  constructor(store: ArchiveStore, settings: ArchiveSettings, maxCount: number) {
    this.#store = store;
    this.#settings = settings;
    this.#maxCount = maxCount;
  }

  async find(owner: Owner, request: LookupRequest): Promise<LookupResult | StanzaError> {
    const { userId } = owner;
    const { named, page } = request;
    if (userId === undefined) return named.length > 0 ? notFound() : EMPTY;
    if (named.length > 0 && (await this.#store.present(userId, named)).size < new Set(named).size) return notFound();
    if (page.index !== undefined && page.index > this.#maxCount)
      return StanzaError.policyViolation(`The index is greater than ${this.#maxCount}`);

    const filter = this.#filter(owner, userId, request);
    if (request.ids) return this.#exactly(filter, request.ids, request);
    return this.#page(filter, request);
  }

  #filter(owner: Owner, userId: number, request: LookupRequest): MessageFilter {
    const { fromId, toId, words, withoutGroupchat } = request;
    const remote = request.with;
    return {
      ...{ userId, fromId, toId, words, withoutGroupchat },
      remote: remote && jidFormat(this.#settings.db_jid_format).encode(owner.jid, remote.bare),
      remoteResource: remote?.resource === '' ? undefined : remote?.resource,
    };
  }

  async #page(filter: MessageFilter, request: LookupRequest): Promise<LookupResult> {
    const { page, limit } = request;
    const isFromEnd = page.isLast || page.before !== undefined;
    const bounded = within(filter, page.after, page.before);
    const offset = isFromEnd || page.after !== undefined ? 0 : (page.index ?? 0);
    // One more than wanted tells whether there are more.
    const found = await this.#load(bounded, { limit: limit + 1, offset, isFromEnd });
    const isComplete = found.length <= limit;
    const messages = isComplete ? found : isFromEnd ? found.slice(1) : found.slice(0, limit);
    if (request.isSimple) return { messages, isComplete };
    return { messages, isComplete, ...(await this.#numbers(filter, messages, request)) };
  }

  /** How many messages fit in all, and how many of them precede the page. Neither where there are too many to be counted. */
  async #numbers(
    filter: MessageFilter,
    messages: readonly StoredMessage[],
    { limit, page }: LookupRequest,
  ): Promise<Pick<LookupResult, 'count' | 'firstIndex'>> {
    const max = this.#maxCount;
    const first = messages[0]?.id;
    const last = messages.at(-1)?.id;
    if (first === undefined || last === undefined) {
      const count = await this.#count(filter, max + 1);
      return count > max ? {} : { count, firstIndex: undefined };
    }
    const isWhole = messages.length < limit && !page.isLast && page.before === undefined && page.after === undefined;
    const before = page.index ?? (isWhole ? 0 : await this.#count(within(filter, undefined, first), max + 1));
    if (before > max) return {};
    const after = isWhole ? 0 : await this.#count(within(filter, last, undefined), max + 1);
    const count = before + messages.length + after;
    return count > max ? {} : { count, firstIndex: before };
  }

  /** Messages are too many to be searched once more only to be counted. */
  async #count(filter: MessageFilter, limit: number): Promise<number> {
    return isSearch(filter) ? limit : this.#store.count(filter, limit);
  }

  async #exactly(filter: MessageFilter, ids: readonly bigint[], request: LookupRequest): Promise<LookupResult> {
    const all: StoredMessage[] = [];
    for (const id of ids.toSorted((one, other) => (one < other ? -1 : 1))) {
      const { fromId = 0n, toId = MAX_ID } = filter;
      if (id < fromId || id > toId) continue;
      all.push(...(await this.#store.load({ ...filter, fromId: id, toId: id }, { limit: 1 })));
    }
    const { after, before, isLast, index = 0 } = request.page;
    const rest = all.filter(({ id }) => (after === undefined || id > after) && (before === undefined || id < before));
    const isFromEnd = isLast || before !== undefined;
    const { limit } = request;
    const start = isFromEnd ? Math.max(0, rest.length - limit) : after === undefined ? index : 0;
    const messages = rest.slice(start, isFromEnd ? rest.length : start + limit);
    const isComplete = isFromEnd ? start === 0 : start + messages.length >= rest.length;
    const firstIndex = messages[0] && all.indexOf(messages[0]);
    return { messages, isComplete, ...(request.isSimple ? {} : { count: all.length, firstIndex }) };
  }

  /** A search goes through the archive step by step, so that the shard can serve others in between. */
  async #load(
    filter: MessageFilter,
    page: { limit: number; offset: number; isFromEnd: boolean },
  ): Promise<StoredMessage[]> {
    if (!isSearch(filter)) return this.#store.load(filter, page);
    const found: StoredMessage[] = [];
    let skip = page.offset;
    for await (const step of this.#steps(filter, page.isFromEnd)) {
      const { isFromEnd } = page;
      const some = await this.#store.load(step, { limit: page.limit + skip - found.length, isFromEnd });
      if (isFromEnd) found.unshift(...some);
      else {
        found.push(...some.slice(skip));
        skip = Math.max(0, skip - some.length);
      }
      if (found.length >= page.limit) return found;
      await new Promise((resolve) => setImmediate(resolve));
    }
    return found;
  }

  /** From the end that the page is at, to the other one. */
  async *#steps(filter: MessageFilter, isFromEnd: boolean): AsyncGenerator<MessageFilter> {
    let { fromId = 0n, toId = MAX_ID } = filter;
    while (fromId <= toId) {
      const end = await this.#store.idFurther(filter.userId, isFromEnd ? toId : fromId, SEARCH_STEP, isFromEnd);
      if (end === undefined) return;
      // The outermost message of an archive comes again and again.
      if (isFromEnd) {
        yield { ...filter, fromId: end > fromId ? end : fromId, toId };
        toId = end - 1n;
      } else {
        yield { ...filter, fromId, toId: end < toId ? end : toId };
        fromId = end + 1n;
      }
    }
  }
}

const EMPTY: LookupResult = { messages: [], isComplete: true, count: 0 };

/** No index tells which messages fit: there may be none at all, in an archive of any size. */
function isSearch({ words, remoteResource }: MessageFilter): boolean {
  return words !== undefined || remoteResource !== undefined;
}

function notFound(): StanzaError {
  return StanzaError.itemNotFound('No message has this id');
}

function within(filter: MessageFilter, after: bigint | undefined, before: bigint | undefined): MessageFilter {
  const { fromId, toId } = filter;
  const from = after === undefined ? undefined : after + 1n;
  const to = before === undefined ? undefined : before - 1n;
  return {
    ...filter,
    fromId: from === undefined || (fromId !== undefined && fromId > from) ? fromId : from,
    toId: to === undefined || (toId !== undefined && toId < to) ? toId : to,
  };
}
