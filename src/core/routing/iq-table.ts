/** IQ requests that the server answers itself, by type, namespace and name of the payload. */
import { Element } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Markup, Stanza } from '../../protocol/stanza.js';
import type { MaybePromise } from '../hooks/hook.js';
import type { Host } from '../hosts/host.js';
import type { Session } from '../sessions/session.js';
import { isTooLong, TOO_LONG } from '../storage/index.js';

export type IqType = 'get' | 'set';

/** Whom a handler answers for: the domain, or accounts on their bare JIDs (RFC 6120 section 10.3.3, RFC 6121 section 8.5.2). */
export type IqTarget = 'domain' | 'account' | 'any';

export interface Iq {
  readonly host: Host;
  readonly stanza: Stanza;
  readonly type: IqType;
  readonly payload: Element;
  readonly from: Jid;
  /** The domain or the account that is asked; the sender's own account when the request has no `to`. */
  readonly to: Jid;
  /** The sender's session, when the request is about its own account or about the domain. */
  readonly session: Session | undefined;
}

/** An element or its text is the result, nothing is an empty result, an error is sent as such. */
export type IqAnswer = Element | Markup | StanzaError | undefined;
export type IqHandler = (iq: Iq) => MaybePromise<IqAnswer>;

export class IqTable {
  readonly #handlers = new Map<string, IqHandler>();
  readonly #failed: (name: string, error: unknown) => void;

  /** `failed` hears of every handler that threw. */
  constructor(failed: (name: string, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Registers a handler; a second one for the same request is a bug. The function returned takes it away. */
  on(type: IqType, ns: string, name: string, target: IqTarget, handler: IqHandler): () => void {
    const keys = (target === 'any' ? (['domain', 'account'] as const) : [target]).map((one) =>
      key(one, type, ns, name),
    );
    for (const one of keys) {
      if (this.#handlers.has(one)) throw new Error(`two handlers for IQ ${one}`);
      this.#handlers.set(one, handler);
    }
    return () => {
      for (const one of keys) this.#handlers.delete(one);
    };
  }

  /** Answers a request; a promise only when its handler waits. The stanza is kept from then on. */
  answer(iq: Iq): MaybePromise<Stanza> {
    const target = iq.to.local === '' ? 'domain' : 'account';
    const { ns, name } = iq.payload;
    const handler = this.#handlers.get(key(target, iq.type, ns, name));
    if (!handler) {
      // Something that can only be read is not to be written, and the other way round (RFC 6120 section 8.3.3.10).
      const isKnown = this.#handlers.has(key(target, iq.type === 'get' ? 'set' : 'get', ns, name));
      return iq.stanza.error(isKnown ? StanzaError.notAllowed() : StanzaError.serviceUnavailable());
    }
    try {
      const answer = handler(iq);
      if (!(answer instanceof Promise)) return reply(iq.stanza, answer);
      iq.stanza.keep();
      return answer.then(
        (late) => reply(iq.stanza, late),
        (error) => this.#crash(iq, error),
      );
    } catch (error) {
      return this.#crash(iq, error);
    }
  }

  #crash(iq: Iq, error: unknown): Stanza {
    if (isTooLong(error)) return iq.stanza.error(StanzaError.notAcceptable(TOO_LONG));
    this.#failed(`${iq.payload.ns} ${iq.payload.name}`, error);
    return iq.stanza.error(StanzaError.internalServerError());
  }
}

function key(target: 'domain' | 'account', type: IqType, ns: string, name: string): string {
  return `${target} ${type} ${ns} ${name}`;
}

function reply(request: Stanza, answer: IqAnswer): Stanza {
  return answer instanceof StanzaError ? request.error(answer) : request.result(answer);
}

/** The one child that an IQ request must have (RFC 6120 section 8.2.3); `undefined` when there is none or more than one. */
export function iqPayload(stanza: Stanza): Element | undefined {
  const elements = stanza.tree().elements();
  return elements.length === 1 && elements[0] instanceof Element ? elements[0] : undefined;
}
