/** What other modules may use of archives: the ids that they give, and what they keep. */
import { defineApi } from '../../core/module/api.js';
import type { Stanza } from '../../protocol/stanza.js';

export { ArchiveIds, externalId } from './archive-id.js';
export { hasOwnIds } from './own-ids.js';

export interface ArchiveApi {
  /** Whether messages such as this one are archived for their recipients, unless these do not want it. */
  keeps(message: Stanza): boolean;
}

export const archiveApi = defineApi<ArchiveApi>('mod_mam', { keeps: () => false });
