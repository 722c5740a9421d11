/** What other modules may ask of rosters, and what they hear of them. */
import { type MaybePromise, notifyHook } from '../../core/hooks/hook.js';
import { defineApi } from '../../core/module/api.js';
import type { Account } from '../../core/sessions/account.js';
import type { Jid } from '../../protocol/jid.js';
import type { Subscription } from './subscription.js';

export { subscriptionName } from './subscription.js';

export interface Contact {
  /** Usually bare. */
  readonly jid: Jid;
  readonly name: string;
  readonly groups: readonly string[];
  readonly subscription: Subscription;
}

export interface RosterApi {
  /**
   * Whether `viewer` sees the presence of `owner`: a subscriber, or the owner itself. `owner` must be at home here. A promise only
   * where the roster has to be loaded.
   */
  maySeePresence(owner: Jid, viewer: Jid): MaybePromise<boolean>;
  /** The same of an account that is online, at once. */
  isSeenBy(owner: Account, viewer: Jid): boolean;
  /** The contacts of an account that is online. */
  contacts(account: Account): readonly Contact[];
  /** One contact of an account whose roster is at hand: it is online, or `load` has just resolved. Throws otherwise. */
  contact(account: Jid, contact: Jid): Contact | undefined;
  /** The contacts of any account at home here, from storage if need be. */
  load(account: Jid): Promise<readonly Contact[]>;
}

/** Where there are no rosters, nobody is anybody's contact. */
const noRosters: RosterApi = {
  maySeePresence: (owner, viewer) => owner.bare.equals(viewer.bare),
  isSeenBy: (owner, viewer) => owner.jid.equals(viewer.bare),
  contacts: () => [],
  contact: () => undefined,
  load: async () => [],
};

export const rosterApi = defineApi<RosterApi>('mod_roster', noRosters);

export interface SubscriptionChange {
  readonly account: Jid;
  readonly contact: Jid;
  readonly before: Subscription;
  readonly after: Subscription;
}

export const subscriptionChanged = notifyHook<SubscriptionChange>(
  'roster.subscription_changed',
  "The subscription between an account and a contact has changed; runs at the account's home.",
);
