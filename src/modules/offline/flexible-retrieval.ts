/** XEP-0013: offline messages looked at, fetched and removed one by one, by a session that asks before they are poured out. */
import type { KeyedQueue } from '../../core/keyed-queue.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import type { Session } from '../../core/sessions/session.js';
import { DataForm } from '../../protocol/data-form.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { DiscoNodeQuestion } from '../disco/api.js';
import type { Handover } from './handover.js';
import type { KeptMessage, MessageHeader, OfflineStore } from './offline-store.js';

/** Section 2.3: nodes sort as the messages do. */
const NODE_LENGTH = 16;
/** Messages that are read at once. */
const PAGE = 200;

export interface RetrievalDependencies {
  readonly messages: OfflineStore;
  readonly turns: KeyedQueue;
  readonly parse: (xml: string) => Element | undefined;
  readonly handover: Handover;
}

export class FlexibleRetrieval {
  readonly #deps: RetrievalDependencies;

  constructor(deps: RetrievalDependencies) {
    this.#deps = deps;
  }

  /** Sections 2.2 and 2.3: how many there are, and their headers. */
  async node({ node, from, to, session, asksFor }: DiscoNodeQuestion): Promise<Element[] | StanzaError | undefined> {
    if (node !== ns.OFFLINE || to.local === '') return undefined;
    if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
    this.#deps.handover.select(session);
    const headers = await this.#turn(to, () => this.#headers(to));
    return asksFor === 'info' ? info(headers.length) : headers.map((header) => this.#item(header, to.bare));
  }

  /** Sections 2.4 and 2.6. */
  async get({ from, to, session, payload }: Iq): Promise<IqAnswer> {
    if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
    this.#deps.handover.select(session);
    if (isAlone(payload, 'fetch')) return this.#turn(to, () => this.#fetch(session));
    const ids = idsOf(payload, 'view');
    if (ids instanceof StanzaError) return ids;
    return this.#turn(to, async () => {
      const found = (await this.#deps.messages.pick(to, ids)).filter((one) => !this.#deps.handover.isOver(one));
      if (found.length !== ids.length) return StanzaError.itemNotFound();
      for (const message of found) this.#show(session, message);
      return undefined;
    });
  }

  /** Sections 2.5 and 2.7. */
  async set({ from, to, session, payload }: Iq): Promise<IqAnswer> {
    if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
    this.#deps.handover.select(session);
    const { messages } = this.#deps;
    if (isAlone(payload, 'purge')) return this.#turn(to, () => messages.removeAccount(to).then(() => undefined));
    const ids = idsOf(payload, 'remove');
    if (ids instanceof StanzaError) return ids;
    return this.#turn(to, async () => {
      const known = new Set((await this.#headers(to)).map(({ id }) => id));
      if (!ids.every((id) => known.has(id))) return StanzaError.itemNotFound();
      await messages.remove(to, ids);
      return undefined;
    });
  }

  async #fetch(session: Session): Promise<undefined> {
    for (let after = 0; !session.isClosed; ) {
      const page = await this.#deps.messages.load(session.account.jid, after, PAGE);
      for (const message of page) if (!this.#deps.handover.isOver(message)) this.#show(session, message);
      if (page.length < PAGE) break;
      after = page.at(-1)?.id ?? after;
    }
    return undefined;
  }

  /** Section 2.4: the message tells its node. */
  #show(session: Session, kept: KeptMessage): void {
    this.#deps.handover.show(
      session,
      kept,
      el('offline', { xmlns: ns.OFFLINE }, el('item', { node: nodeOf(kept.id) })),
    );
  }

  async #headers(account: Jid): Promise<MessageHeader[]> {
    return (await this.#deps.messages.headers(account)).filter((one) => !this.#deps.handover.isOver(one));
  }

  #item({ id, from, xml }: MessageHeader, account: Jid): Element {
    const sender = (xml !== undefined && this.#deps.parse(xml)?.attrs['from']) || from;
    return el('item', { jid: account.toString(), node: nodeOf(id), name: sender });
  }

  #turn<T>(account: Jid, work: () => Promise<T>): Promise<T> {
    return this.#deps.turns.run(account.bare.toString(), work);
  }
}

function info(count: number): Element[] {
  const form = new DataForm('result', {
    formType: ns.OFFLINE,
    fields: [{ name: 'number_of_messages', values: [String(count)] }],
  });
  return [
    el('identity', { category: 'automation', type: 'message-list' }),
    el('feature', { var: ns.OFFLINE }),
    form.toElement(),
  ];
}

function nodeOf(id: number): string {
  return String(id).padStart(NODE_LENGTH, '0');
}

function isAlone(query: Element, name: string): boolean {
  const [first, ...others] = query.elements();
  return first?.is(name, ns.OFFLINE) === true && others.length === 0;
}

/** The messages that are named, each once. */
function idsOf(query: Element, action: 'view' | 'remove'): number[] | StanzaError {
  const items = query.elements();
  const isAsked =
    items.length > 0 && items.every((one) => one.is('item', ns.OFFLINE) && one.attrs['action'] === action);
  if (!isAsked) return StanzaError.badRequest(`items with the action ${action} are expected`);
  const nodes = [...new Set(items.map(({ attrs }) => attrs['node'] ?? ''))];
  // Nothing else was ever given out.
  if (!nodes.every((node) => /^[0-9]{16}$/.test(node))) return StanzaError.itemNotFound();
  return nodes.map(Number);
}
