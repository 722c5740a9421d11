/** Archives in memory, for tests. */
import { type AccountKey, accountKey } from '../../core/storage/index.js';
import type {
  ArchiveOwner,
  ArchiveStore,
  Behaviours,
  MessageFilter,
  MessagePage,
  NewMessage,
  RetractedMessage,
  RetractionTarget,
  StoredMessage,
} from './archive-store.js';

type Kept = Omit<NewMessage, 'owner'>;

interface Archive {
  readonly userId: number;
  readonly domain: string;
  messages: Kept[];
  behaviours: Behaviours;
}

export class MemoryArchive implements ArchiveStore {
  readonly maxAddressLength = undefined;
  readonly #archives = new Map<string, Archive>();
  #lastUser = 0;

  async find(account: AccountKey): Promise<{ userId: number; lastId: bigint } | undefined> {
    const archive = this.#archives.get(accountKey(account));
    return archive && { userId: archive.userId, lastId: archive.messages.at(-1)?.id ?? 0n };
  }

  async insert(messages: readonly NewMessage[]): Promise<void> {
    for (const { owner, ...message } of messages) {
      const archive = this.#introduce(owner);
      if (archive.messages.some(({ id }) => id === message.id)) continue;
      archive.messages.push(message);
      archive.messages.sort((one, other) => (one.id < other.id ? -1 : 1));
    }
  }

  async load(filter: MessageFilter, { limit, offset = 0, isFromEnd = false }: MessagePage): Promise<StoredMessage[]> {
    const found = this.#found(filter);
    const ordered = isFromEnd ? found.toReversed() : found;
    const page = ordered.slice(offset, offset + limit);
    return (isFromEnd ? page.reverse() : page).map(({ id, from, message }) => ({ id, from, message }));
  }

  async count(filter: MessageFilter, limit: number): Promise<number> {
    return Math.min(this.#found(filter).length, limit);
  }

  async present(userId: number, ids: readonly bigint[]): Promise<Set<bigint>> {
    const there = new Set(this.#of(userId)?.messages.map(({ id }) => id));
    return new Set(ids.filter((id) => there.has(id)));
  }

  async idFurther(userId: number, fromId: bigint, messages: number, isBackwards = false): Promise<bigint | undefined> {
    const ids = this.#of(userId)?.messages.map(({ id }) => id) ?? [];
    const rest = isBackwards ? ids.filter((id) => id <= fromId).reverse() : ids.filter((id) => id >= fromId);
    return rest[messages] ?? rest.at(-1);
  }

  async findRetracted(userId: number, target: RetractionTarget): Promise<RetractedMessage | undefined> {
    const found = this.#of(userId)?.messages.findLast(
      ({ id, originId, remote, direction }) =>
        remote === target.remote &&
        direction === target.direction &&
        (target.id === undefined ? originId !== undefined && originId === target.originId : id === target.id),
    );
    return found && { id: found.id, originId: found.originId, message: found.message };
  }

  async replace(userId: number, id: bigint, message: string | Uint8Array): Promise<void> {
    const archive = this.#of(userId);
    if (!archive) return;
    archive.messages = archive.messages.map((kept) => (kept.id === id ? { ...kept, message, searchBody: '' } : kept));
  }

  async behaviours(userId: number): Promise<Behaviours> {
    return new Map(this.#of(userId)?.behaviours);
  }

  async setBehaviours(owner: ArchiveOwner, behaviours: Behaviours): Promise<void> {
    this.#introduce(owner).behaviours = new Map(behaviours);
  }

  async trim(userId: number, rule: { beforeId?: bigint; keep?: number }, limit: number): Promise<number> {
    const archive = this.#of(userId);
    if (!archive) return 0;
    const { messages } = archive;
    const { beforeId, keep = 0 } = rule;
    const due =
      beforeId === undefined ? Math.max(0, messages.length - keep) : messages.filter(({ id }) => id < beforeId).length;
    archive.messages = messages.slice(Math.min(due, limit));
    return Math.min(due, limit);
  }

  async sizes(userId: number, belowId: bigint, limit: number): Promise<{ id: bigint; bytes: number }[]> {
    const older = (this.#of(userId)?.messages ?? []).filter(({ id }) => id < belowId);
    const newest = older.reverse().slice(0, limit);
    return newest.map(({ id, message }) => ({ id, bytes: Buffer.byteLength(message) }));
  }

  async archives(after: number, limit: number): Promise<{ userId: number; domain: string }[]> {
    const later = [...this.#archives.values()].filter(({ userId }) => userId > after);
    return later.slice(0, limit).map(({ userId, domain }) => ({ userId, domain }));
  }

  async remove(userId: number): Promise<void> {
    for (const [key, archive] of this.#archives) if (archive.userId === userId) this.#archives.delete(key);
  }

  #introduce(owner: ArchiveOwner): Archive {
    const known = this.#archives.get(accountKey(owner));
    const archive = known ?? { userId: ++this.#lastUser, domain: owner.domain, messages: [], behaviours: new Map() };
    this.#archives.set(accountKey(owner), archive);
    owner.userId = archive.userId;
    return archive;
  }

  #of(userId: number): Archive | undefined {
    for (const archive of this.#archives.values()) if (archive.userId === userId) return archive;
    return undefined;
  }

  #found(filter: MessageFilter): Kept[] {
    const { fromId, toId, remote, remoteResource, words = [], withoutGroupchat } = filter;
    return (this.#of(filter.userId)?.messages ?? []).filter(
      (one) =>
        (fromId === undefined || one.id >= fromId) &&
        (toId === undefined || one.id <= toId) &&
        (remote === undefined || one.remote === remote) &&
        (remoteResource === undefined || one.remoteResource === remoteResource) &&
        !(withoutGroupchat && one.isGroupchat) &&
        words.every((word) => one.searchBody.includes(word)),
    );
  }
}
