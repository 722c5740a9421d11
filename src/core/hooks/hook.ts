/** Hooks as values: named moments with typed arguments, to which modules attach handlers. */
import type { StanzaError } from '../../protocol/errors.js';

/** A filter's word against a stanza. `reason` goes to logs and traces. */
export type Verdict =
  | { readonly kind: 'drop'; readonly reason: string }
  | { readonly kind: 'refuse'; readonly reason: string; readonly error: StanzaError };

/** The stanza disappears without an answer. */
export function drop(reason: string): Verdict {
  return { kind: 'drop', reason };
}

/** The sender gets this error. */
export function refuse(reason: string, error: StanzaError): Verdict {
  return { kind: 'refuse', reason, error };
}

export type MaybePromise<T> = T | Promise<T>;

/** What a claim handler returns to take what it is offered. */
export const TAKEN = Symbol('taken');

interface HookOf<K extends string, Args, Result> {
  readonly kind: K;
  readonly name: string;
  /** One sentence for the generated reference. */
  readonly doc: string;
  readonly handler?: (args: Args) => Result;
}

/** May change or refuse what passes. Synchronous. A throw refuses: filters fail closed. */
export type FilterHook<Args> = HookOf<'filter', Args, Verdict | undefined>;
/** A filter that may wait; what it guards waits with it. */
export type AsyncFilterHook<Args> = HookOf<'async-filter', Args, MaybePromise<Verdict | undefined>>;
/** The first handler that answers takes it. Synchronous. */
export type ClaimHook<Args, Result = typeof TAKEN> = HookOf<'claim', Args, Result | undefined>;
export type AsyncClaimHook<Args, Result = typeof TAKEN> = HookOf<'async-claim', Args, MaybePromise<Result | undefined>>;
/** Everybody may add to a list. Synchronous. */
export type CollectHook<Args, Item> = HookOf<'collect', Args, Item | readonly Item[] | undefined>;
/** Tells that something happened. A failing handler is logged and does not disturb the others. Returns when all are done. */
export type NotifyHook<Args> = HookOf<'notify', Args, MaybePromise<undefined | void>>;

// biome-ignore lint/suspicious/noExplicitAny: a table holds hooks of every type; `on` checks each pair
export type AnyHook = HookOf<string, any, any>;

/** The handler that a hook takes. */
export type HandlerOf<H extends AnyHook> = NonNullable<H['handler']>;

export const filterHook = <Args>(name: string, doc: string): FilterHook<Args> => ({ kind: 'filter', name, doc });
export const asyncFilterHook = <Args>(name: string, doc: string): AsyncFilterHook<Args> => ({
  kind: 'async-filter',
  name,
  doc,
});
export const claimHook = <Args, Result = typeof TAKEN>(name: string, doc: string): ClaimHook<Args, Result> => ({
  kind: 'claim',
  name,
  doc,
});
export const asyncClaimHook = <Args, Result = typeof TAKEN>(
  name: string,
  doc: string,
): AsyncClaimHook<Args, Result> => ({
  kind: 'async-claim',
  name,
  doc,
});
export const collectHook = <Args, Item>(name: string, doc: string): CollectHook<Args, Item> => ({
  kind: 'collect',
  name,
  doc,
});
export const notifyHook = <Args>(name: string, doc: string): NotifyHook<Args> => ({ kind: 'notify', name, doc });
