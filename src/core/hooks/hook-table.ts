/** The handlers of one host type, and the rules by which they are run. */
import { StanzaError } from '../../protocol/errors.js';
import type {
  AnyHook,
  AsyncClaimHook,
  AsyncFilterHook,
  ClaimHook,
  CollectHook,
  FilterHook,
  HandlerOf,
  MaybePromise,
  NotifyHook,
  Verdict,
} from './hook.js';
import type { Order } from './order.js';

interface Entry {
  readonly order: Order;
  // biome-ignore lint/suspicious/noExplicitAny: `on` has checked the handler against its hook
  readonly handler: (args: any) => any;
}

const NONE: readonly Entry[] = [];

export class HookTable {
  readonly #entries = new Map<AnyHook, Entry[]>();
  #revision = 0;
  readonly #failed: (hook: string, error: unknown) => void;

  /** `failed` hears of every handler that threw. */
  constructor(failed: (hook: string, error: unknown) => void) {
    this.#failed = failed;
  }

  /** Another number whenever handlers have come or gone. */
  get revision(): number {
    return this.#revision;
  }

  /** Attaches a handler; the function returned detaches it. */
  on<H extends AnyHook>(hook: H, order: Order, handler: HandlerOf<H>): () => void {
    const entry: Entry = { order, handler };
    const before = this.#entries.get(hook) ?? [];
    const after = [...before, entry].sort((one, other) => one.order - other.order);
    this.#entries.set(hook, after);
    this.#revision++;
    return () => {
      this.#revision++;
      this.#entries.set(
        hook,
        this.#list(hook).filter((other) => other !== entry),
      );
    };
  }

  /** True when somebody listens: lets a caller skip making the arguments. */
  has(hook: AnyHook): boolean {
    return this.#list(hook).length > 0;
  }

  filter<Args>(hook: FilterHook<Args>, args: Args): Verdict | undefined {
    for (const { handler } of this.#list(hook)) {
      try {
        const verdict = handler(args);
        if (verdict) return verdict;
      } catch (error) {
        return this.#refuse(hook, error);
      }
    }
    return undefined;
  }

  async filterAsync<Args>(hook: AsyncFilterHook<Args>, args: Args): Promise<Verdict | undefined> {
    for (const { handler } of this.#list(hook)) {
      try {
        const verdict = await handler(args);
        if (verdict) return verdict;
      } catch (error) {
        return this.#refuse(hook, error);
      }
    }
    return undefined;
  }

  /** What the first taker returned. A throw goes to the caller, who owes the peer an error. */
  claim<Args, Result>(hook: ClaimHook<Args, Result>, args: Args): Result | undefined {
    for (const { handler } of this.#list(hook)) {
      const result = handler(args);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  async claimAsync<Args, Result>(hook: AsyncClaimHook<Args, Result>, args: Args): Promise<Result | undefined> {
    for (const { handler } of this.#list(hook)) {
      const result = await handler(args);
      if (result !== undefined) return result;
    }
    return undefined;
  }

  collect<Args, Item>(hook: CollectHook<Args, Item>, args: Args): Item[] {
    const items: Item[] = [];
    for (const { handler } of this.#list(hook)) {
      try {
        add(items, handler(args));
      } catch (error) {
        this.#failed(hook.name, error);
      }
    }
    return items;
  }

  /** Runs every handler. A promise only when one of them has to wait; nothing has to wait for it. */
  notify<Args>(hook: NotifyHook<Args>, args: Args): MaybePromise<void> {
    let waiting: Promise<void>[] | undefined;
    for (const { handler } of this.#list(hook)) {
      try {
        const result = handler(args);
        if (result instanceof Promise) {
          waiting ??= [];
          waiting.push(result.catch((error) => this.#failed(hook.name, error)));
        }
      } catch (error) {
        this.#failed(hook.name, error);
      }
    }
    return waiting && Promise.all(waiting).then(() => undefined);
  }

  #list(hook: AnyHook): readonly Entry[] {
    return this.#entries.get(hook) ?? NONE;
  }

  #refuse(hook: AnyHook, error: unknown): Verdict {
    this.#failed(hook.name, error);
    return { kind: 'refuse', reason: `${hook.name} failed`, error: StanzaError.internalServerError() };
  }
}

function add<Item>(items: Item[], added: Item | readonly Item[] | undefined): void {
  if (Array.isArray(added)) items.push(...added);
  else if (added !== undefined) items.push(added as Item);
}
