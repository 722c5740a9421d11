/** Which namespace each prefix stands for, element by element (Namespaces in XML 1.0). */
import { ns } from '../../protocol/namespaces.js';

export const XMLNS = 'http://www.w3.org/2000/xmlns/';

export class Scope {
  /** Innermost binding last. The prefix of the default namespace is the empty string. */
  readonly #bindings = new Map<string, { namespace: string; depth: number }[]>();
  /** Prefixes in the order in which they were bound, so that leaving an element can undo them. */
  readonly #order: { prefix: string; depth: number }[] = [];

  bind(prefix: string, namespace: string, depth: number): void {
    const stack = this.#bindings.get(prefix);
    if (stack) stack.push({ namespace, depth });
    else this.#bindings.set(prefix, [{ namespace, depth }]);
    this.#order.push({ prefix, depth });
  }

  /** Undoes what was bound at this depth or deeper. */
  leave(depth: number): void {
    for (let last = this.#order.at(-1); last && last.depth >= depth; last = this.#order.at(-1)) {
      this.#order.pop();
      const stack = this.#bindings.get(last.prefix);
      stack?.pop();
      if (stack?.length === 0) this.#bindings.delete(last.prefix);
    }
  }

  /** The namespace of a prefix; `undefined` when it was never declared. */
  resolve(prefix: string): string | undefined {
    if (prefix === 'xml') return ns.XML;
    const bound = this.#bindings.get(prefix)?.at(-1)?.namespace;
    return prefix === '' ? (bound ?? '') : bound;
  }

  /** The depth at which a prefix was bound, or -1. */
  depthOf(prefix: string): number {
    return this.#bindings.get(prefix)?.at(-1)?.depth ?? -1;
  }

  /** Every binding now in force. */
  snapshot(): Map<string, string> {
    const all = new Map<string, string>();
    for (const [prefix, stack] of this.#bindings) all.set(prefix, stack.at(-1)?.namespace ?? '');
    return all;
  }
}

/** Namespaces in XML 1.0 section 3: the reserved names, and no undeclaring of prefixes. */
export function mayBind(prefix: string, namespace: string): boolean {
  if (prefix === 'xml') return namespace === ns.XML;
  if (prefix === 'xmlns' || namespace === XMLNS || namespace === ns.XML) return false;
  return prefix === '' || namespace !== '';
}
