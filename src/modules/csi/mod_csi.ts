/** XEP-0352: holds stanzas back from clients that say that nobody is looking. */
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Sharing } from '../../core/routing/handed.js';
import { messageHanded, stanzaDelivering } from '../../core/routing/hooks.js';
import { delayed, givenBack } from '../../core/routing/returnable.js';
import { sessionClosed, sessionResumed } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { nonzaReceived, streamFeatures } from '../../core/streams/hooks.js';
import { el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { HeldStanzas } from './held-stanzas.js';
import { importanceOf } from './importance.js';

/** There while the client is inactive. */
const inactive = slot<HeldStanzas | undefined>('mod_csi.inactive', () => undefined);

/** More than this is not held for one client, however many stanzas `buffer_max` allows. */
const MAX_BYTES = 1_048_576;

/** Why a message that comes late does. */
const REASON = 'Client Inactive';

const FEATURE = el('csi', { xmlns: ns.CSI });

export default defineModule({
  name: 'mod_csi',
  xeps: [{ number: 352, version: '1.0.0', status: 'complete' }],

  start(scope) {
    const { clock, router, config } = scope;
    const most = config.buffer_max === 'infinity' ? Number.POSITIVE_INFINITY : config.buffer_max;

    scope.on(streamFeatures, order.record, ({ isAuthenticated }) => (isAuthenticated ? FEATURE : undefined));
    scope.on(nonzaReceived, order.route, ({ session, element, link }) => {
      if (element.ns !== ns.CSI) return undefined;
      if (element.name === 'active') activate(session);
      else if (element.name === 'inactive') session.set(inactive, session.peek(inactive) ?? new HeldStanzas());
      else link.write(el(element.name, { xmlns: ns.CSI, type: 'error' }, StanzaError.badRequest().toElement()).toXml());
      return TAKEN;
    });
    scope.on(stanzaDelivering, order.route, ({ session, stanza }) => {
      const held = session.peek(inactive);
      return held && hold(session, held, stanza) ? TAKEN : undefined;
    });
    scope.on(messageHanded, order.record, (handed) => handed.shared(noteSharing));
    // Section 5.2: a stream that goes on with a session is active, as every new one.
    scope.on(sessionResumed, order.record, ({ session }) => activate(session));
    // Before stream management looks at what its client did not take.
    scope.on(sessionClosed, order.record, ({ session }) => {
      const held = session.peek(inactive);
      if (!held) return;
      session.set(inactive, undefined);
      if (session.link.isKeeping) pourOut(session, held);
      else giveBack(session, held);
    });

    function hold(session: Session, held: HeldStanzas, stanza: Stanza): boolean {
      if (isQuestionOfServer(session, stanza)) return false;
      const importance = config.hold === 'all' ? { key: undefined } : importanceOf(stanza);
      if (importance === 'important') {
        pourOut(session, held);
        return false;
      }
      if (!held.hasRoomFor(stanza, importance.key, { stanzas: most, bytes: MAX_BYTES })) {
        pourOut(session, held);
        return false;
      }
      held.add(stanza, importance.key, clock.now());
      return true;
    }

    function activate(session: Session): void {
      const held = session.peek(inactive);
      if (!held) return;
      session.set(inactive, undefined);
      pourOut(session, held);
    }

    function pourOut(session: Session, held: HeldStanzas): void {
      const { link } = session;
      for (const { stanza, at, sharing } of held.take()) {
        const late = delayed(stanza, at, session, REASON);
        link.deliver(late);
        if (sharing) link.shared?.(late, sharing);
      }
    }

    /** The session is over, and nobody else knows what its client has never been sent. */
    function giveBack(session: Session, held: HeldStanzas): void {
      for (const stanza of givenBack(held.take(), session, REASON)) router.again(stanza);
    }
  },
});

function noteSharing(session: Session, stanza: Stanza, sharing: Sharing): void {
  session.peek(inactive)?.shared(stanza, sharing);
}

/** A client that is asked whether it is still there has to hear it (XEP-0199). */
function isQuestionOfServer({ jid }: Session, { name, type, from }: Stanza): boolean {
  return name === 'iq' && type === 'get' && from?.local === '' && from.resource === '' && from.domain === jid.domain;
}
