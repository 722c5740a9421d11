/** What the blocking command asks of privacy lists, and what it hears of them. */
import { notifyHook } from '../../core/hooks/hook.js';
import { defineApi } from '../../core/module/api.js';
import type { Account } from '../../core/sessions/account.js';
import type { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';

/** XEP-0191 section 5: the blocklist is what the default list blocks altogether. All accounts have sessions here. */
export interface PrivacyApi {
  blocklist(account: Account): readonly string[];
  /** Resolves when it is committed and in force. */
  block(account: Jid, whom: readonly Jid[]): Promise<StanzaError | undefined>;
  /** Whom, or everybody. */
  unblock(account: Jid, whom: readonly Jid[] | 'all'): Promise<StanzaError | undefined>;
}

export const privacyApi = defineApi<PrivacyApi>('mod_privacy');

export interface BlocklistChange {
  readonly account: Account;
  readonly blocked: readonly string[];
  readonly unblocked: readonly string[];
  /** Everybody was asked to be unblocked. */
  readonly isAll: boolean;
}

export const blocklistChanged = notifyHook<BlocklistChange>(
  'privacy.blocklist_changed',
  'The default privacy list of an account that is online blocks other addresses than before.',
);
