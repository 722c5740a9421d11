/** XEP-0079 sections 3.4 and 6: what the sender of a message with rules is told. */
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { type Rule, ruleElement } from './rules.js';

/** The server speaks, in the message's id. */
type Asked = Stanza & { readonly from: Jid };

/** The rules cannot be kept. */
export function refusal(message: Asked, amp: Element, error: StanzaError): Stanza {
  return answer(message, { type: 'error' }, el('amp', { xmlns: ns.AMP }, amp.childrenNamed('rule')), error);
}

/** Section 3.4.4. */
export function notification(message: Asked, rule: Rule): Stanza {
  return answer(message, {}, ampOf(message, 'notify', rule));
}

/** Section 3.4.3. */
export function failure(message: Asked, rule: Rule): Stanza {
  const failed = el('failed-rules', { xmlns: ns.AMP_ERRORS }, ruleElement(rule));
  const error = StanzaError.undefinedCondition().withDetail(failed);
  return answer(message, { type: 'error' }, ampOf(message, 'error', rule), error);
}

function ampOf({ from, to }: Asked, status: string, rule: Rule): Element {
  return el('amp', { xmlns: ns.AMP, status, from: from.toString(), to: to?.toString() }, ruleElement(rule));
}

function answer(message: Asked, attrs: { type?: string }, amp: Element, error?: StanzaError): Stanza {
  const element = el('message', { xmlns: ns.CLIENT, ...attrs, id: message.id }, amp, error?.toElement());
  const { from, to } = message;
  return Stanza.fromElement(element, from, Jid.parse((to ?? from).domain));
}
