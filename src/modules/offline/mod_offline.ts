/** XEP-0160: keeps messages for accounts that nobody is reading, and delivers them when somebody comes back. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import { messageUndelivered, type ReceivedStanza } from '../../core/routing/hooks.js';
import { sessionAvailable } from '../../core/sessions/hooks.js';
import type { Session } from '../../core/sessions/session.js';
import { slot } from '../../core/sessions/slot.js';
import { formatDateTime } from '../../protocol/date-time.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import { type KeptMessage, offlineStore } from './offline-store.js';

/** XEP-0023: how many seconds a message stays worth delivering. */
const EXPIRE = 'jabber:x:expire';
/** The width of the column for the sender, in characters. */
const MAX_FROM_LENGTH = 250;

/** What this session has been given, and what could not be deleted since: it must not get that twice. */
const handedOver = slot('mod_offline.handed_over', () => new Set<number>());

export default defineModule({
  name: 'mod_offline',
  xeps: [
    { number: 160, version: '1.0.1', status: 'complete' },
    { number: 203, version: '2.0', status: 'complete' },
  ],
  stores: { messages: offlineStore },
  features: [ns.OFFLINE_FEATURE],

  start(scope) {
    const { messages } = scope.stores;
    const { clock, router, config } = scope;
    /** One account's messages are stored and fetched in order. */
    const turns = new KeyedQueue();

    scope.on(messageUndelivered, order.route, (received) =>
      turns.run(received.to.bare.toString(), () => keep(received)),
    );
    scope.on(sessionAvailable, order.record, ({ session, couldReceive }) => {
      if (session.priority < 0 || couldReceive) return undefined;
      return turns.run(session.account.jid.toString(), () => flush(session)).then(() => undefined);
    });
    scope.on(accountRemoved, order.cleanup, ({ account }) =>
      turns.run(account.toString(), () => messages.removeAccount(account)),
    );

    async function keep({ to, stanza }: ReceivedStanza): Promise<typeof TAKEN | undefined> {
      // Somebody has come back since the message found nobody, and has taken what was kept: it goes straight there.
      if (scope.sessions.account(to)?.canReceive) {
        router.route(stanza);
        return TAKEN;
      }
      const keeping = worthKeeping(stanza);
      if (keeping === 'no') return undefined;
      if (keeping === 'forget') return TAKEN;
      const nowUs = clock.now() * 1_000;
      const lifetime = lifetimeSeconds(stanza);
      const isStored = await messages.push(
        to.bare,
        {
          from: columnText(stanza.from),
          xml: stanza.toStandaloneXml(),
          timestampUs: nowUs,
          expireUs: lifetime === undefined ? undefined : nowUs + lifetime * 1_000_000,
        },
        limit(to.bare),
      );
      if (!isStored) {
        scope.log.info('offline.full', { account: to.bare.toString() });
        router.bounce(stanza, StanzaError.resourceConstraint('The offline messages of this account are full'));
      }
      return TAKEN;
    }

    /** What is kept goes only once it was handed over: a crash in between delivers it again, and loses nothing. */
    async function flush(session: Session): Promise<void> {
      if (!session.account.canReceive) return;
      const { jid } = session.account;
      const kept = await messages.load(jid);
      // Whoever left meanwhile takes nothing; it waits for the next one.
      if (kept.length === 0 || !session.account.canReceive) return;
      const done = session.get(handedOver);
      for (const message of kept) if (!done.has(message.id) && handOver(session, message)) done.add(message.id);
      if (done.size === 0) return;
      await messages.remove(jid, [...done]);
      done.clear();
    }

    /** False when it has to stay where it is. */
    function handOver(session: Session, { from, xml, timestampUs, expireUs }: KeptMessage): boolean {
      if (expireUs !== undefined && expireUs <= clock.now() * 1_000) return true;
      const element = scope.services.parse(xml);
      // A long address stands in the message only.
      const sender = scope.services.jid(element?.attrs['from'] ?? from);
      if (!element || !sender) {
        scope.log.error('offline.unreadable', { account: session.account.jid.toString() });
        return false;
      }
      const { domain } = session.jid;
      if (!isDelayedBy(domain, element)) element.append(delay(domain, timestampUs));
      // RFC 6121 section 8.5.2.1.1: a groupchat message never goes to an account.
      const to = element.attrs['type'] === 'groupchat' ? session.jid : session.account.jid;
      router.route(Stanza.fromElement(element, to, sender));
      return true;
    }

    /** The value of the access rule: a number, or no limit. */
    function limit(account: Jid): number {
      const value = scope.access.value(config.access_max_user_messages, account);
      return typeof value === 'number' ? value : Number.POSITIVE_INFINITY;
    }

    function worthKeeping(stanza: Stanza): 'yes' | 'no' | 'forget' {
      if (stanza.type === 'error' || stanza.type === 'headline') return 'no';
      if (stanza.type === 'groupchat' && !config.store_groupchat_messages) return 'no';
      if (stanza.has(child.BODY) || stanza.has(child.SUBJECT)) return 'yes';
      // XEP-0160 section 3: a chat state is about the moment only.
      const isOnlyChatState = stanza
        .tree()
        .elements()
        .every((one) => one.ns === ns.CHAT_STATES || one.name === 'thread');
      return isOnlyChatState ? 'forget' : 'yes';
    }
  },
});

/** XEP-0203: one entity tells once when it had the message. */
function isDelayedBy(domain: string, message: Element): boolean {
  return message.childrenNamed('delay', ns.DELAY).some((one) => one.attrs['from'] === domain);
}

/** The sender as far as its column goes: without the resource, or the domain alone, where the whole is too long. */
function columnText(from: Jid | undefined): string {
  if (!from) return '';
  const texts = [from.toString(), from.bare.toString(), from.domain];
  return texts.find((text) => text.length <= MAX_FROM_LENGTH) ?? from.toString();
}

/** XEP-0203. */
function delay(domain: string, timestampUs: number): Element {
  return el('delay', { xmlns: ns.DELAY, from: domain, stamp: formatDateTime(timestampUs / 1_000) }, 'Offline Storage');
}

function lifetimeSeconds(stanza: Stanza): number | undefined {
  const seconds = stanza.tree().child('x', EXPIRE)?.attrs['seconds'] ?? '';
  return /^[0-9]{1,9}$/.test(seconds) ? Number.parseInt(seconds, 10) : undefined;
}
