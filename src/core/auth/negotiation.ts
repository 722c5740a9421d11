/** SASL on one stream (RFC 6120 section 6): which mechanisms are offered, and one attempt after another. */

import { SaslFailure } from './failure.js';
import type {
  AuthMethods,
  Exchange,
  ExchangeContext,
  Mechanism,
  SaslContext,
  SaslIdentity,
  SaslStep,
} from './mechanism.js';

/** What the stream has to send; texts are the Base64 content of the element. */
export type SaslAnswer =
  | { readonly kind: 'challenge'; readonly text: string }
  | { readonly kind: 'success'; readonly text: string; readonly identity: SaslIdentity }
  | { readonly kind: 'failure'; readonly failure: SaslFailure };

export interface NegotiationOptions {
  readonly context: SaslContext;
  /** Every mechanism there is; the configuration chooses and orders. */
  readonly mechanisms: readonly Mechanism[];
  /** A last word after the credentials were right, such as for a blocked account. */
  admit?(identity: SaslIdentity): SaslFailure | undefined | Promise<SaslFailure | undefined>;
  /** An internal failure that the client is only told as temporary-auth-failure. */
  onError(error: unknown, mechanism: string): void;
}

/** One decoded message of a client; generous for every mechanism of ours. */
export const MAX_SASL_MESSAGE_BYTES = 4096;

export class SaslNegotiation {
  /** Names for `<mechanisms/>`, in the order of the configuration. */
  readonly offered: readonly string[];
  readonly #options: NegotiationOptions;
  #current: { mechanism: Mechanism; exchange: Exchange } | undefined;
  /** Guards against an answer that arrives after an abort. */
  #attempt = 0;
  /** The mechanism works on an answer; the client has nothing to say until it has it. */
  #isWaiting = false;

  constructor(options: NegotiationOptions) {
    this.#options = options;
    this.offered = offeredMechanisms(options.mechanisms, options.context).map((mechanism) => mechanism.name);
  }

  /** True between `<auth/>` and its outcome. */
  get isRunning(): boolean {
    return this.#current !== undefined;
  }

  /** `<auth mechanism='…'>text</auth>`; `text` is the element's character data, empty when there was none. */
  start(name: string, text: string): SaslAnswer | Promise<SaslAnswer> {
    if (this.#current) return this.#end(SaslFailure.malformedRequest('an exchange is already running'));
    const { mechanisms, context } = this.#options;
    const mechanism = mechanisms.find((candidate) => candidate.name === name);
    if (!mechanism || !this.offered.includes(name)) return this.#end(refusal(mechanism, context));

    this.#attempt++;
    this.#current = { mechanism, exchange: mechanism.start(exchangeContext(context, this.offered)) };
    // RFC 6120 section 6.4.2: a mechanism in which the client speaks first and did not gets an empty challenge.
    if (text === '') return { kind: 'challenge', text: '' };
    return this.#step(text === '=' ? '' : text);
  }

  /** `<response>text</response>`. */
  respond(text: string): SaslAnswer | Promise<SaslAnswer> {
    if (!this.#current || this.#isWaiting) return this.#end(SaslFailure.malformedRequest('no answer is awaited'));
    return this.#step(text === '=' ? '' : text);
  }

  /** `<abort/>`, RFC 6120 section 6.4.4. */
  abort(): SaslAnswer {
    return this.#end(SaslFailure.aborted());
  }

  #end(failure: SaslFailure): SaslAnswer {
    this.#current = undefined;
    this.#isWaiting = false;
    this.#attempt++;
    return { kind: 'failure', failure };
  }

  #step(text: string): SaslAnswer | Promise<SaslAnswer> {
    const data = decodeBase64(text);
    if (data instanceof SaslFailure) return this.#end(data);
    const { mechanism, exchange } = this.#current as { mechanism: Mechanism; exchange: Exchange };
    try {
      const step = exchange.step(data);
      if (step instanceof Promise) return this.#later(step, mechanism);
      return this.#settle(step, mechanism);
    } catch (error) {
      return this.#fail(error, mechanism);
    }
  }

  async #later(step: Promise<SaslStep>, mechanism: Mechanism): Promise<SaslAnswer> {
    const attempt = this.#attempt;
    this.#isWaiting = true;
    try {
      const settled = await step;
      if (attempt !== this.#attempt) return { kind: 'failure', failure: SaslFailure.aborted() };
      this.#isWaiting = false;
      return await this.#settle(settled, mechanism);
    } catch (error) {
      return this.#fail(error, mechanism);
    }
  }

  #settle(step: SaslStep, mechanism: Mechanism): SaslAnswer | Promise<SaslAnswer> {
    if (step.kind === 'challenge') return { kind: 'challenge', text: encodeBase64(step.data) };
    if (step.kind === 'failure') return this.#end(step.failure);

    const { identity } = step;
    const text = step.data === undefined ? '' : encodeBase64(step.data);
    const refused = this.#options.admit?.(identity);
    if (refused instanceof Promise) return this.#admitLater(refused, identity, text, mechanism);
    return this.#finish(refused, identity, text);
  }

  async #admitLater(
    refused: Promise<SaslFailure | undefined>,
    identity: SaslIdentity,
    text: string,
    mechanism: Mechanism,
  ): Promise<SaslAnswer> {
    const attempt = this.#attempt;
    this.#isWaiting = true;
    try {
      const failure = await refused;
      if (attempt !== this.#attempt) return { kind: 'failure', failure: SaslFailure.aborted() };
      return this.#finish(failure, identity, text);
    } catch (error) {
      return this.#fail(error, mechanism);
    }
  }

  #finish(failure: SaslFailure | undefined, identity: SaslIdentity, text: string): SaslAnswer {
    if (failure) return this.#end(failure);
    this.#current = undefined;
    this.#isWaiting = false;
    return { kind: 'success', text, identity };
  }

  #fail(error: unknown, mechanism: Mechanism): SaslAnswer {
    this.#options.onError(error, mechanism.name);
    return this.#end(SaslFailure.temporaryAuthFailure());
  }
}

/** The mechanisms that this stream may use now, in the order of `auth.sasl_mechanisms`. */
export function offeredMechanisms(mechanisms: readonly Mechanism[], context: SaslContext): Mechanism[] {
  return context.config.sasl_mechanisms.flatMap((option) => {
    const mechanism = mechanisms.find((candidate) => candidate.option === option);
    return mechanism && isServed(mechanism, context.methods) && isSafe(mechanism, context) ? [mechanism] : [];
  });
}

function isServed(mechanism: Mechanism, methods: AuthMethods): boolean {
  return methods.capabilities.some((capabilities) => mechanism.servedBy(capabilities));
}

function isSafe(mechanism: Mechanism, context: SaslContext): boolean {
  if (mechanism.needs === 'tls' && !context.tls && context.tlsAvailable) return false;
  if (mechanism.channelBinding && channelBindingTypes(context).length === 0) return false;
  return mechanism.fits?.(context) ?? true;
}

function exchangeContext(context: SaslContext, offered: readonly string[]): ExchangeContext {
  const { domain, config, methods, tls, tlsAvailable, language } = context;
  return {
    ...{ domain, config, methods, tls, tlsAvailable, language, offered },
    channelBinding: (type) => context.channelBinding(type),
    randomBytes: (length) => context.randomBytes(length),
  };
}

const BINDING_TYPES = ['tls-exporter', 'tls-unique', 'tls-server-end-point'] as const;

/** The kinds of binding data that this connection has: also the list of XEP-0440. */
export function channelBindingTypes(context: Pick<SaslContext, 'channelBinding'>) {
  return BINDING_TYPES.filter((type) => context.channelBinding(type) !== undefined);
}

/** Why a mechanism that is not offered is refused. */
function refusal(mechanism: Mechanism | undefined, context: SaslContext): SaslFailure {
  const isConfigured = mechanism && context.config.sasl_mechanisms.includes(mechanism.option);
  if (!isConfigured || !isServed(mechanism, context.methods)) return SaslFailure.invalidMechanism();
  // RFC 6120 section 6.5.4: it would be offered after TLS.
  if (mechanism.needs === 'tls' && !context.tls && context.tlsAvailable) return SaslFailure.encryptionRequired();
  return SaslFailure.invalidMechanism();
}

const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** RFC 6120 section 6.5.5 and RFC 4648 section 3: no white space, no missing padding. */
function decodeBase64(text: string): Uint8Array | SaslFailure {
  if (text.length > Math.ceil(MAX_SASL_MESSAGE_BYTES / 3) * 4) return SaslFailure.malformedRequest('message too long');
  if (!BASE64.test(text)) return SaslFailure.incorrectEncoding();
  return Buffer.from(text, 'base64');
}

/** RFC 6120 section 6.4.2: data of length zero is a single equals sign. */
function encodeBase64(data: Uint8Array): string {
  return data.length === 0 ? '=' : Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('base64');
}
