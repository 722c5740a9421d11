/** Answers requests for a roster, and for changes of it (RFC 6121 sections 2.2 to 2.5). */
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Markup, Parse } from '../../protocol/stanza.js';
import { type Entry, isVisible, itemXml, queryXml, type Roster } from './roster.js';
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
  readonly parse: Parse;
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
    if (!this.#deps.isVersioned || known === undefined) return this.#list(roster);

    // RFC 6121 section 2.6.3: an empty result tells that the client's copy is current.
    const ver = roster.version();
    return known === ver ? undefined : this.#list(roster, ver);
  }

  #list(roster: Roster, ver?: string): Markup {
    let items = '';
    for (const entry of roster.visible()) items += itemXml(entry);
    return { xml: queryXml(items, ver), parse: this.#deps.parse };
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
