/** What other modules may use of archives: the ids that they give. */
export { ArchiveIds, externalId } from './archive-id.js';
