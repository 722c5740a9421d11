/** What other modules may ask about the capabilities of clients. */
import { notifyHook } from '../../core/hooks/hook.js';
import { defineApi } from '../../core/module/api.js';
import type { Session } from '../../core/sessions/session.js';
import type { Capabilities } from './capabilities.js';

export type { Capabilities, Identity } from './capabilities.js';

export interface CapsApi {
  /** What the client is known to be and to support; `undefined` as long as it has said nothing, or has not proved it. */
  of(session: Session): Capabilities | undefined;
  /** XEP-0060 section 9.1 and XEP-0163 section 4.3.3: whether the client asks for what is published at a node. */
  wants(session: Session, node: string): boolean;
}

export const capsApi = defineApi<CapsApi>('mod_caps', { of: () => undefined, wants: () => false });

export interface LearnedCapabilities {
  readonly session: Session;
  readonly before: Capabilities | undefined;
  readonly after: Capabilities;
}

export const capabilitiesLearned = notifyHook<LearnedCapabilities>(
  'caps.learned',
  'What the client of a session can do has become known, or is something else than before. It may be some time after its presence.',
);
