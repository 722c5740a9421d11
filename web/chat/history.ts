/** Brings conversations up to date from the archive, and fetches what lies further back. */
import type { Archive, ArchivePage } from './archive.js';
import type { Conversation } from './conversation.js';
import type { Incoming } from './incoming.js';

const RECENT = 100;
const PAGE = 40;
/** After a long absence the rest is fetched when a conversation is looked at. */
const MAX_PAGES = 10;

export interface HistoryParts {
  readonly archive: Archive;
  readonly conversation: (peer: string) => Conversation;
  readonly take: (incoming: Incoming, isFurtherBack: boolean) => void;
  readonly changed: (peer: string) => void;
}

export class History {
  readonly #parts: HistoryParts;
  #isThere = false;
  /** The newest message that the archive is known to have. */
  #newest: { readonly id: string; readonly at: number } | undefined;
  #isCatchingUp = false;
  readonly #loading = new Set<string>();

  constructor(parts: HistoryParts) {
    this.#parts = parts;
  }

  /** Whether what comes from the archive has come while this client was away. */
  get isAfterAbsence(): boolean {
    return this.#isCatchingUp;
  }

  /** A message came with the id that the archive gave it, or without one. */
  saw({ archiveId, at }: Incoming): void {
    if (archiveId !== undefined && at >= (this.#newest?.at ?? 0)) this.#newest = { id: archiveId, at };
  }

  /** To be called at the beginning of a session, where there is an archive. Rejects with a `Failure`. */
  async catchUp(): Promise<void> {
    this.#isThere = true;
    const { archive } = this.#parts;
    if (!this.#newest) {
      this.#take(await archive.page({ before: '', max: RECENT }), false);
      return;
    }
    this.#isCatchingUp = true;
    try {
      for (let pages = 0; pages < MAX_PAGES; pages++) {
        const page = await archive.page({ after: this.#newest.id, max: RECENT });
        this.#take(page, false);
        if (page.isComplete || page.last === undefined) break;
      }
    } catch (error) {
      // The archive may have thrown away what we last saw: the next session begins with the newest.
      this.#newest = undefined;
      throw error;
    } finally {
      this.#isCatchingUp = false;
    }
  }

  /** The newest messages, once. */
  async load(conversation: Conversation): Promise<void> {
    if (!conversation.isLoaded) await this.#fetch(conversation, '');
  }

  /** One page further back. Returns whether there may be more. */
  async older(conversation: Conversation): Promise<boolean> {
    if (conversation.isComplete || conversation.oldest === undefined) return false;
    await this.#fetch(conversation, conversation.oldest);
    return !conversation.isComplete;
  }

  async #fetch(conversation: Conversation, before: string): Promise<void> {
    const { peer } = conversation;
    if (!this.#isThere || this.#loading.has(peer)) return;
    this.#loading.add(peer);
    try {
      const page = await this.#parts.archive.page({ peer, before, max: PAGE });
      conversation.isLoaded = true;
      conversation.oldest = page.first ?? conversation.oldest;
      conversation.isComplete = page.isComplete || page.first === undefined;
      this.#take(page, true);
      this.#parts.changed(peer);
    } catch {
      // Looking at it again tries again.
    } finally {
      this.#loading.delete(peer);
    }
  }

  #take({ messages }: ArchivePage, isFurtherBack: boolean): void {
    const peers = new Set<string>();
    // Each before those that are there already, so the last one first.
    for (const message of isFurtherBack ? messages.toReversed() : messages) {
      this.saw(message);
      this.#parts.take(message, isFurtherBack);
      peers.add(message.peer);
    }
    for (const peer of peers) this.#parts.changed(peer);
  }
}
