/** How fast a user may send: the `shaper` option of a listener, decided for one session. */
import type { Session } from '../../core/sessions/session.js';
import type { ShaperReference } from '../../platform/config/index.js';
import type { C2sServices } from './c2s-services.js';

/** Bytes per second; 0 for no limit. */
export function shaperRate(services: C2sServices, session: Session, reference: ShaperReference): number {
  if (reference.kind === 'none') return 0;
  const { shaper } = services.config;
  const name =
    reference.kind === 'shaper' ? reference.name : services.access(session.host).value(reference.name, session.jid);
  return shaper[name]?.max_rate ?? 0;
}
