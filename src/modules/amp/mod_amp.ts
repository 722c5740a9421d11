/** XEP-0079: tells senders what became of their messages, by the rules that they put in. */
import { drop, type Verdict } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { wayOf } from '../../core/routing/delivery.js';
import {
  messageKept,
  type ReceivedStanza,
  stanzaArriving,
  stanzaReceived,
  stanzaSent,
} from '../../core/routing/hooks.js';
import { streamFeatures } from '../../core/streams/hooks.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import { type DiscoQuestion, discoInfo, feature } from '../disco/api.js';
import { archiveApi } from '../mam/api.js';
import { offlineApi } from '../offline/api.js';
import { rosterApi } from '../roster/api.js';
import { metRule, outcomeOf } from './outcome.js';
import { failure, notification, refusal } from './responses.js';
import { actions, conditions, isRequest, notAcceptable, type Rule, readRules } from './rules.js';

const STREAM_FEATURE = el('amp', { xmlns: ns.AMP_FEATURE });

/** What was found out about the recipient of a message, for whom nobody is there. */
interface Recipient {
  readonly exists: boolean;
  readonly isSeen: boolean;
}

type Asking = Stanza & { readonly from: Jid };

export default defineModule({
  name: 'mod_amp',
  xeps: [{ number: 79, version: '1.2', status: 'partial' }],
  features: [ns.AMP],
  uses: { roster: rosterApi, offline: offlineApi, archive: archiveApi },

  start(scope) {
    const { router, services, accounts, config } = scope;
    const { roster, offline, archive } = scope.uses;
    const recipients = new WeakMap<Stanza, Recipient>();
    /** Rules that are met once the message is stored. */
    const waiting = new WeakMap<ReceivedStanza, { readonly message: Asking; readonly rule: Rule }>();

    scope.on(streamFeatures, order.record, ({ isAuthenticated }) => (isAuthenticated ? STREAM_FEATURE : undefined));
    scope.on(discoInfo, order.record, describe);
    scope.on(stanzaSent, order.access, ({ stanza }) => check(stanza));
    scope.on(stanzaArriving, order.access, ({ to, stanza }) => (hasRules(stanza) ? learn(to.bare, stanza) : undefined));
    scope.on(stanzaReceived, order.transform, process);
    scope.on(messageKept, order.record, (received) => {
      const { archiveId, isStored } = received;
      const met = waiting.get(received);
      if (met && (isStored || archiveId !== undefined))
        return services.commitments.settled().then(() => router.route(notification(met.message, met.rule)));
      return undefined;
    });

    async function learn(account: Jid, message: Asking): Promise<void> {
      const exists = await accounts.exists(account);
      const isSeen = !config.subscribers_only || (await roster.maySeePresence(account, message.from));
      recipients.set(message, { exists, isSeen });
    }

    /** Where the sender is: whoever gets the message need not know what is wrong with its rules. */
    function check(stanza: Stanza): Verdict | undefined {
      if (!hasRules(stanza)) return undefined;
      const amp = ampOf(stanza) as Element;
      // Section 1.3: what happened could not be told of, else.
      const rules = stanza.id ? readRules(amp) : StanzaError.badRequest('a message with rules needs an id');
      if (!(rules instanceof StanzaError)) return undefined;
      router.route(refusal(stanza, amp, rules));
      return drop('its rules cannot be kept');
    }

    /** Section 2.2, where the recipient is; the rules are for the servers alone. */
    function process(received: ReceivedStanza): Verdict | undefined {
      const { stanza: message, isAgain, to } = received;
      if (isAgain || !hasRules(message)) return undefined;
      const amp = ampOf(message) as Element;
      const rules = isSeen(received, message) ? readRules(amp) : notAcceptable(amp);
      if (rules instanceof StanzaError) {
        router.route(refusal(message, amp, rules));
        return drop('its rules cannot be kept');
      }
      const stored = (recipients.get(message)?.exists ?? true) && (offline.keeps(message) || archive.keeps(message));
      const outcome = outcomeOf(wayOf(received), stored);
      const rule = metRule(rules, to, outcome);
      if (rule?.action === 'error') {
        router.route(failure(message, rule));
        return drop('by a rule of its own');
      }
      received.stanza = withoutRules(message);
      if (!rule) return undefined;
      if (outcome.deliver === 'stored') waiting.set(received, { message: message.keep(), rule });
      else router.route(notification(message, rule));
      return undefined;
    }

    /** Section 9: what a rule tells of shows who is online. */
    function isSeen({ account }: ReceivedStanza, message: Asking): boolean {
      if (!config.subscribers_only) return true;
      return account?.isOpen ? roster.isSeenBy(account, message.from) : recipients.get(message)?.isSeen === true;
    }

    /** Section 2.1.1. */
    function describe({ to, node }: DiscoQuestion): Element[] | undefined {
      if (node !== ns.AMP || to.local !== '') return undefined;
      const names = [
        ...actions.map((name) => `${ns.AMP}?action=${name}`),
        ...Object.keys(conditions).map((name) => `${ns.AMP}?condition=${name}`),
      ];
      const identity = el('identity', { category: 'im', type: 'server', name: 'Advanced message processing' });
      return [identity, feature(ns.AMP), ...names.map(feature)];
    }
  },
});

/** PERF(chat): a plain message is not parsed. */
function hasRules(stanza: Stanza): stanza is Asking {
  if (stanza.name !== 'message' || !stanza.has(child.AMP) || stanza.type === 'error' || !stanza.from) return false;
  return isRequest(ampOf(stanza));
}

function ampOf(message: Stanza): Element | undefined {
  return message.tree().child('amp', ns.AMP);
}

function withoutRules(message: Stanza): Stanza {
  return message.changed((tree) => {
    const rest = tree.children.filter((one) => typeof one === 'string' || !one.is('amp', ns.AMP));
    tree.children.splice(0, tree.children.length, ...rest);
  });
}
