/** Which messages belong into an archive (XEP-0313 section 6.1.1, as MongooseIM reads it). */
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import type { Direction } from './archive-store.js';

export interface ArchivableOptions {
  readonly archive_chat_markers: boolean;
  readonly archive_groupchats: boolean;
}

/** Asks bits first: a plain message is never parsed, and neither is what has nothing to keep. */
export function isArchivable(stanza: Stanza, direction: Direction, options: ArchivableOptions): boolean {
  if (stanza.name !== 'message') return false;
  const { type } = stanza;
  if (type === 'error' || type === 'headline') return false;
  if (type === 'groupchat' && (direction === 'O' || !options.archive_groupchats)) return false;
  const isHinted = stanza.has(child.HINT);
  if (!hasContent(stanza, options) && !(isHinted && hint(stanza, 'store'))) return false;
  // What was archived when it was new, and results of queries, are no messages of now.
  if (stanza.has(child.DELAY) || stanza.has(child.MAM)) return false;
  if ((stanza.has(child.CARBONS) || stanza.has(child.CARBONS_1)) && isCarbonCopy(stanza.tree())) return false;
  // XEP-0334 sections 4.1 and 4.2.
  return !isHinted || !(hint(stanza, 'no-store') || hint(stanza, 'no-permanent-store'));
}

function hasContent(stanza: Stanza, { archive_chat_markers }: ArchivableOptions): boolean {
  if (stanza.has(child.BODY) || stanza.has(child.RETRACT)) return true;
  if (archive_chat_markers && stanza.has(child.CHAT_MARKER) && isMarker(stanza.tree())) return true;
  return stanza.has(child.FASTEN) && isFastenedRetraction(stanza.tree());
}

function hint(stanza: Stanza, name: string): boolean {
  return stanza.tree().child(name, ns.HINTS) !== undefined;
}

/** XEP-0280 section 7: a client has no business with these, so nobody has archived what is in them. */
function isCarbonCopy(tree: Element): boolean {
  return [ns.CARBONS, ns.CARBONS_1].some((each) => tree.child('received', each) ?? tree.child('sent', each));
}

/** XEP-0333: `markable` only asks for markers. */
function isMarker(tree: Element): boolean {
  return ['received', 'displayed', 'acknowledged'].some((name) => tree.child(name, ns.CHAT_MARKERS));
}

function isFastenedRetraction(tree: Element): boolean {
  const fastened = tree.child('apply-to', ns.FASTEN);
  return fastened?.attrs['id'] !== undefined && fastened.elements().some(({ name }) => name === 'retract');
}
