/** RFC 6121 section 4: broadcasts, directs, probes and withdraws the presence of sessions. */
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { presenceReceived, presenceSent, type ReceivedStanza, type SentStanza } from '../../core/routing/hooks.js';
import { sessionAvailable, sessionClosed, sessionUnavailable } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { type Contact, rosterApi, type SubscriptionChange, subscriptionChanged } from '../roster/api.js';
import { presenceApi } from './api.js';
import { FarContacts } from './far-contacts.js';
import { ProbeAnswers } from './probe-answers.js';
import { directed, INITIAL, probe, Showing, unavailable } from './showing.js';

/** Addresses that one session may send directed presence to at a time: each has to be told when it ends. */
const MAX_DIRECTED = 10_000;

export default defineModule({
  name: 'mod_presence',
  xeps: [],
  uses: { roster: rosterApi },

  start(scope) {
    const { router, sessions, clock, host, services } = scope;
    const { roster } = scope.uses;
    const { calls, hosts, parse, jid } = services;
    const far = new FarContacts({ hostType: host.hostType, router, calls, parse, jid });
    const showing = new Showing(host, router, roster, far);
    const answers = new ProbeAnswers({ roster, sessions, hosts, showing, log: scope.log });

    scope.provide(presenceApi, showing);
    scope.onStop(far.serve());
    scope.on(presenceSent, order.route, onSent);
    scope.on(presenceReceived, order.route, onReceived);
    scope.on(subscriptionChanged, order.record, onSubscriptionChanged);
    scope.on(sessionClosed, order.route, ({ session }) => {
      if (session.isAvailable || session.peek(directed)?.size) withdraw(session, unavailable(session));
    });

    function onSent({ session, stanza }: SentStanza): typeof TAKEN | undefined {
      if (stanza.to === undefined) {
        if (stanza.type === '') announce(session, stanza);
        else if (stanza.type === 'unavailable') withdraw(session, stanza);
        else router.bounce(stanza, StanzaError.badRequest('This presence needs an address'));
        return TAKEN;
      }
      if (stanza.type === 'probe') return TAKEN; // RFC 6121 section 4.3: probes are the servers' own
      if (stanza.type === '' && !remember(session, stanza.to)) {
        router.bounce(stanza, StanzaError.resourceConstraint('Presence was sent to too many addresses'));
        return TAKEN;
      }
      if (stanza.type === 'unavailable') session.peek(directed)?.delete(stanza.to.toString());
      return undefined;
    }

    /** RFC 6121 sections 4.2 and 4.4: initial presence, or an update. */
    function announce(session: Session, stanza: Stanza): void {
      const priority = priorityOf(stanza);
      if (priority === undefined)
        return router.bounce(stanza, StanzaError.badRequest('The priority is not a number from -128 to 127'));
      const wasAvailable = session.isAvailable;
      const couldReceive = wasAvailable && session.priority >= 0;
      session.presence = stanza.keep();
      session.priority = priority;
      const contacts = showing.whoMayBeThere(session);
      broadcast(session, stanza, contacts);
      if (!wasAvailable) learn(session, contacts);
      host.hooks.notify(sessionAvailable, { session, presence: stanza, wasAvailable, couldReceive });
      session.restPresence(parse);
    }

    /** RFC 6121 section 4.5: to everyone who knows of the session, then it is as if it had never been available. */
    function withdraw(session: Session, stanza: Stanza): void {
      const wasAvailable = session.isAvailable;
      if (wasAvailable) broadcast(session, stanza, showing.whoMayBeThere(session));
      const known = session.peek(directed);
      for (const jid of known?.values() ?? []) {
        if (!wasAvailable || !roster.isSeenBy(session.account, jid)) showing.reveal(session, stanza, jid);
      }
      known?.clear();
      session.presence = undefined;
      session.priority = 0;
      if (!wasAvailable) return;
      const status = stanza.tree().childText('status') ?? '';
      host.hooks.notify(sessionUnavailable, { session, status, at: clock.seconds() });
    }

    /** To all subscribers and to the other sessions of the account. */
    function broadcast(session: Session, stanza: Stanza, contacts: readonly Contact[]): void {
      const subscribers = contacts.filter(({ subscription }) => subscription.from);
      showing.revealAll(
        session,
        stanza,
        subscribers.map((contact) => contact.jid),
      );
      for (const other of session.account.available())
        other.deliver(stanza.readdressed(session.account.jid, session.jid));
    }

    /** RFC 6121 sections 4.2.2 and 4.3: what a session that has just become available must be told. */
    function learn(session: Session, contacts: readonly Contact[]): void {
      const seen = contacts.filter(({ subscription }) => subscription.to);
      showing.revealAll(
        session,
        probe(session, INITIAL),
        seen.map((contact) => contact.jid.bare),
      );
      for (const other of session.account.available()) {
        if (other !== session) session.deliver((other.presence as Stanza).readdressed(session.jid, other.jid));
      }
    }

    function onReceived(received: ReceivedStanza): typeof TAKEN | undefined {
      if (received.stanza.type !== 'probe') return undefined;
      answers.answer(received);
      return TAKEN;
    }

    /** RFC 6121 sections 3.1.5, 3.2.2 and 3.3.3: a new subscriber is shown what there is, a former one that there is nothing. */
    function onSubscriptionChanged({ account, contact, before, after }: SubscriptionChange): undefined {
      if (before.from === after.from) return;
      for (const session of sessions.account(account)?.available() ?? []) {
        showing.reveal(session, after.from ? (session.presence as Stanza) : unavailable(session), contact);
      }
    }
  },
});

/** False when the session has told so many already that remembering one more would cost too much. */
function remember(session: Session, jid: Jid): boolean {
  const known = session.get(directed);
  if (known.size >= MAX_DIRECTED && !known.has(jid.toString())) return false;
  known.set(jid.toString(), jid);
  return true;
}

/** RFC 6121 section 4.7.2.3: 0 unless given; `undefined` when it is no number in range. */
function priorityOf(stanza: Stanza): number | undefined {
  const text = stanza.tree().childText('priority')?.trim();
  if (text === undefined) return 0;
  const priority = /^[+-]?[0-9]{1,3}$/.test(text) ? Number.parseInt(text, 10) : Number.NaN;
  return priority >= -128 && priority <= 127 ? priority : undefined;
}
