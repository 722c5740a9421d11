/** One conversation with one person: its messages in order, each once. */
import type { ChatState, Incoming } from './incoming.js';

/** Of an own message: on the way, taken by the server, arrived at the other side, or refused. */
export type Progress = 'sending' | 'sent' | 'delivered' | 'failed';

export interface ChatMessage {
  /** Unique within the conversation. */
  readonly key: string;
  readonly id: string | undefined;
  archiveId: string | undefined;
  readonly isOwn: boolean;
  readonly at: number;
  readonly body: string;
  /** Own messages alone. */
  progress: Progress | undefined;
  /** Why it was refused. */
  problem: string | undefined;
}

const ORDER: readonly (Progress | undefined)[] = ['sending', 'sent', 'delivered'];

export class Conversation {
  /** The other side, bare. */
  readonly peer: string;
  readonly messages: ChatMessage[] = [];
  unread = 0;
  /** What the other side is doing. */
  state: ChatState | undefined;
  /** The other side takes part in chat states. */
  knowsStates = false;
  /** The archive has nothing older. */
  isComplete = false;
  /** The archive was asked for what came last. */
  isLoaded = false;
  /** Where the oldest page of the archive began. */
  oldest: string | undefined;
  #next = 0;

  constructor(peer: string) {
    this.peer = peer;
  }

  get last(): ChatMessage | undefined {
    return this.messages.at(-1);
  }

  /**
   * Puts it where its time says; behind those of the same time, or before them where it comes from a page that lies further back.
   * Returns whether it was not there before.
   */
  add(incoming: Incoming, isFurtherBack = false): boolean {
    const { id, archiveId, isOwn, at, body } = incoming;
    if (body === undefined) return false;
    const known = this.#find(incoming);
    if (known) {
      known.archiveId ??= archiveId;
      if (known.progress === 'sending') known.progress = 'sent';
      return false;
    }
    const progress: Progress | undefined = isOwn ? 'sent' : undefined;
    const message = { key: this.#key(), id, archiveId, isOwn, at, body, progress, problem: undefined };
    this.#insert(message, isFurtherBack);
    return true;
  }

  /** What is being written now. */
  write(id: string, body: string, at: number): ChatMessage {
    const message: ChatMessage = {
      ...{ key: this.#key(), id, archiveId: undefined, isOwn: true, at, body },
      ...{ progress: 'sending', problem: undefined },
    };
    this.#insert(message);
    return message;
  }

  /** Never backwards. Returns whether something has changed. */
  advance(id: string, progress: Progress, problem?: string): boolean {
    const message = this.messages.find((one) => one.isOwn && one.id === id);
    if (!message || message.progress === 'delivered' || message.progress === progress) return false;
    if (progress !== 'failed' && ORDER.indexOf(progress) < ORDER.indexOf(message.progress)) return false;
    message.progress = progress;
    message.problem = problem;
    return true;
  }

  #find({ id, archiveId, isOwn }: Incoming): ChatMessage | undefined {
    return this.messages.find(
      (one) =>
        (archiveId !== undefined && one.archiveId === archiveId) ||
        (id !== undefined &&
          one.id === id &&
          one.isOwn === isOwn &&
          // The sender may use an id again: two ids of the archive are two messages.
          (one.archiveId === undefined || archiveId === undefined)),
    );
  }

  #insert(message: ChatMessage, isFurtherBack = false): void {
    let index = this.messages.length;
    const isBehind = ({ at }: ChatMessage) => at > message.at || (isFurtherBack && at === message.at);
    while (index > 0 && isBehind(this.messages[index - 1] as ChatMessage)) index--;
    this.messages.splice(index, 0, message);
  }

  #key(): string {
    return `m${this.#next++}`;
  }
}
