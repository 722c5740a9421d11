/** The TLS contexts of a shard by their numbers, and the one that each listener with direct TLS uses. */
import { EngineError } from '../port.js';
import type { TlsClientContext } from './tls-client-context.js';
import type { TlsContext } from './tls-context.js';

/** Of either side. */
export type AnyContext = TlsContext | TlsClientContext;

/** What a listener uses at the moment. */
export interface DirectTls {
  context: AnyContext;
}

export class TlsContexts {
  readonly #contexts = new Map<number, AnyContext>();
  /** By listener; those with direct TLS alone. */
  readonly #direct = new Map<number, DirectTls>();
  #last = 0;

  add(context: AnyContext): number {
    this.#contexts.set(++this.#last, context);
    return this.#last;
  }

  drop(number: number): void {
    this.#contexts.delete(number);
  }

  get(number: number): AnyContext {
    const context = this.#contexts.get(number);
    if (!context) throw new EngineError('no-context', `There is no TLS context ${number}.`);
    return context;
  }

  keep(listener: number, direct: DirectTls): void {
    this.#direct.set(listener, direct);
  }

  replace(listener: number, context: AnyContext): void {
    const direct = this.#direct.get(listener);
    if (!direct) throw new EngineError('no-direct-tls', `Listener ${listener} does not begin with TLS.`);
    direct.context = context;
  }

  forget(listener: number): void {
    this.#direct.delete(listener);
  }
}
