/** What other modules may do with the presence of sessions, and the moment at which they may keep it back. */
import { filterHook } from '../../core/hooks/hook.js';
import { defineApi } from '../../core/module/api.js';
import type { Session } from '../../core/sessions/session.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';

export const presenceLeaving = filterHook<{
  readonly session: Session;
  readonly to: Jid;
  /** A broadcast or a probe; its own address does not count. */
  readonly stanza: Stanza;
}>(
  'presence.leaving',
  'The server is about to show the presence of a session to somebody, or to ask for theirs in its name. Dropped, they hear nothing.',
);

/** Somebody who has been shown that a session is available. */
export interface Onlooker {
  readonly jid: Jid;
  /** By the roster; else by directed presence (RFC 6121 section 4.6). */
  readonly isSubscriber: boolean;
}

export interface PresenceApi {
  onlookers(session: Session): readonly Onlooker[];
  /** Tells somebody that the session is unavailable, whatever handlers of `presenceLeaving` say. */
  hide(session: Session, from: Jid): void;
  /** Tells somebody the current presence of an available session. */
  show(session: Session, to: Jid): void;
  /** Asks for somebody's presence on behalf of a session (RFC 6121 section 4.3). */
  probe(session: Session, whom: Jid): void;
}

const noPresence: PresenceApi = { onlookers: () => [], hide() {}, show() {}, probe() {} };

export const presenceApi = defineApi<PresenceApi>('mod_presence', noPresence);
