/** What other modules may ask the offline storage. */
import { defineApi } from '../../core/module/api.js';
import type { Stanza } from '../../protocol/stanza.js';

export interface OfflineApi {
  /** Whether such a message is stored for an account that nobody is reading, while there is room. */
  keeps(message: Stanza): boolean;
}

export const offlineApi = defineApi<OfflineApi>('mod_offline', { keeps: () => false });
