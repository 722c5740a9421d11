/** Answers requests for a roster, and for changes of it (RFC 6121 sections 2.2 to 2.5). */
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { type Entry, isVisible, itemElement, type Roster } from './roster.js';
import type { RosterKeeper } from './roster-keeper.js';
import type { RosterPushes } from './roster-pushes.js';
import { parseRosterSet, type RosterChange, rosterFull } from './roster-request.js';
import { NO_SUBSCRIPTION } from './subscription.js';
import type { SubscriptionHandling } from './subscription-handling.js';

export interface RosterIqDependencies {
  readonly keeper: RosterKeeper;
  readonly pushes: RosterPushes;
  readonly subscriptions: SubscriptionHandling;
  readonly isVersioned: boolean;
  readonly maxItems: number;
}

export class RosterIqs {
  readonly #deps: RosterIqDependencies;

  constructor(deps: RosterIqDependencies) {
    this.#deps = deps;
  }

  async get({ session, payload, from, to }: Iq): Promise<IqAnswer> {
    if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
    this.#deps.pushes.begin(session);
    const roster = await this.#deps.keeper.load(to.bare);
    const known = payload.attrs['ver'];
    if (!this.#deps.isVersioned || known === undefined)
      return el('query', { xmlns: ns.ROSTER }, roster.visible().map(itemElement));

    // RFC 6121 section 2.6.3: an empty result tells that the client's copy is current.
    const ver = roster.version();
    return known === ver ? undefined : el('query', { xmlns: ns.ROSTER, ver }, roster.visible().map(itemElement));
  }

  async set({ session, payload, from, to }: Iq): Promise<IqAnswer> {
    if (!session || !from.bare.equals(to.bare)) return StanzaError.forbidden();
    const change = parseRosterSet(payload);
    if (change instanceof StanzaError) return change;
    const roster = await this.#deps.keeper.load(to.bare);
    return change.isRemoval ? this.#remove(roster, change.jid) : this.#update(roster, change);
  }

  async #update(roster: Roster, { jid, name, groups }: RosterChange): Promise<StanzaError | undefined> {
    const old = roster.entry(jid);
    if (!(old && isVisible(old)) && roster.isFull(this.#deps.maxItems)) return rosterFull();
    const entry: Entry = {
      jid,
      name,
      groups,
      subscription: old?.subscription ?? NO_SUBSCRIPTION,
      askMessage: old?.askMessage ?? '',
    };
    await roster.put(entry);
    this.#deps.pushes.tell(roster, jid);
    return undefined;
  }

  async #remove(roster: Roster, jid: Jid): Promise<StanzaError | undefined> {
    const entry = roster.entry(jid);
    if (!entry) return StanzaError.itemNotFound();
    await roster.delete(jid);
    this.#deps.subscriptions.removed(roster, entry);
    this.#deps.pushes.tell(roster, jid);
    return undefined;
  }
}
