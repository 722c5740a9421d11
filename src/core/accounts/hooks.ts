/** The moments in the life of an account. */
import type { Jid } from '../../protocol/jid.js';
import { notifyHook } from '../hooks/hook.js';

export const accountRegistered = notifyHook<{ account: Jid }>('account.registered', 'An account was made.');

export const accountRemoved = notifyHook<{ account: Jid }>(
  'account.removed',
  'An account was deleted: drop everything that is kept about it. Its removal is complete when all handlers are.',
);
