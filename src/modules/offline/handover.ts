/** Gives what was kept to whoever comes back (XEP-0160 section 2). */
import type { Router } from '../../core/routing/router.js';
import type { Account } from '../../core/sessions/account.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import type { Element } from '../../protocol/element.js';
import type { Jid } from '../../protocol/jid.js';
import { Stanza } from '../../protocol/stanza.js';
import { markDelayed } from './keeping.js';
import type { KeptMessage, OfflineStore } from './offline-store.js';

/** Messages that are read and handed over at once. */
const PAGE = 200;

/** What this session has been given, and what could not be deleted since: it must not get that twice. */
const handedOver = slot('mod_offline.handed_over', () => new Set<number>());

/** XEP-0013 section 2.2: a session that asks for messages takes them one by one, and nothing is poured out. */
const selective = slot('mod_offline.selective', () => false);

export interface HandoverDependencies {
  readonly messages: OfflineStore;
  readonly clock: Clock;
  readonly router: Router;
  readonly log: Logger;
  readonly parse: (xml: string) => Element | undefined;
  readonly jid: (text: string) => Jid | undefined;
}

export class Handover {
  readonly #deps: HandoverDependencies;

  constructor(deps: HandoverDependencies) {
    this.#deps = deps;
  }

  isOver({ expireUs }: { readonly expireUs?: number | undefined }): boolean {
    return expireUs !== undefined && expireUs <= this.#deps.clock.now() * 1_000;
  }

  /** From now on this session takes what it wants. */
  select(session: Session): void {
    session.set(selective, true);
  }

  /** What is kept goes only once it was handed over: a crash in between delivers it again, and loses nothing. */
  async pourOut(session: Session): Promise<void> {
    const { account } = session;
    for (let after = 0; isWaiting(account); ) {
      const page = await this.#deps.messages.load(account.jid, after, PAGE);
      // Whoever left meanwhile takes nothing; it waits for the next one.
      if (page.length === 0 || !isWaiting(account)) return;
      await this.#handPage(session, page);
      after = page.at(-1)?.id ?? after;
    }
  }

  /** To exactly this session, with a mark of its own; it stays where it is. */
  show(session: Session, kept: KeptMessage, mark: Element): void {
    if (session.isClosed) return;
    const restored = this.#restore(kept, session.jid.domain);
    if (!restored) return;
    restored.element.append(mark);
    session.deliver(Stanza.fromElement(restored.element, session.account.jid, restored.sender));
  }

  async #handPage(session: Session, page: readonly KeptMessage[]): Promise<void> {
    const done = session.get(handedOver);
    for (const message of page) if (!done.has(message.id) && this.#hand(session, message)) done.add(message.id);
    if (done.size === 0) return;
    await this.#deps.messages.remove(session.account.jid, [...done]);
    done.clear();
  }

  /** False when it has to stay where it is. */
  #hand(session: Session, kept: KeptMessage): boolean {
    if (this.isOver(kept)) return true;
    const restored = this.#restore(kept, session.jid.domain);
    if (!restored) return false;
    const { element, sender } = restored;
    // RFC 6121 section 8.5.2.1.1: a groupchat message never goes to an account.
    const to = element.attrs['type'] === 'groupchat' ? session.jid : session.account.jid;
    // It has been archived when it came, and its copies went out.
    this.#deps.router.again(Stanza.fromElement(element, to, sender));
    return true;
  }

  /** The message as it was sent, marked with when. */
  #restore(kept: KeptMessage, domain: string): { element: Element; sender: Jid } | undefined {
    const element = this.#deps.parse(kept.xml);
    // A long address stands in the message only.
    const sender = this.#deps.jid(element?.attrs['from'] ?? kept.from);
    if (element && sender) {
      markDelayed(element, domain, kept.timestampUs);
      return { element, sender };
    }
    this.#deps.log.error('offline.unreadable', { id: kept.id, domain });
    return undefined;
  }
}

/** Whether somebody is there for what is kept, and nobody who takes it one by one. */
function isWaiting(account: Account): boolean {
  if (!account.canReceive) return false;
  for (const session of account.sessions()) if (session.peek(selective)) return false;
  return true;
}
