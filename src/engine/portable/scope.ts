/** Which namespace each prefix stands for, element by element (Namespaces in XML 1.0). */
import { ns } from '../../protocol/namespaces.js';

export const XMLNS = 'http://www.w3.org/2000/xmlns/';

interface Binding {
  readonly namespace: string;
  readonly depth: number;
}

/** Between elements there is nothing but what the stream header bound, so that is all that an idle stream keeps. */
export class Scope {
  /** Bound at depth 0. */
  #outer: ReadonlyMap<string, string>;
  /** The same, as long as it is nobody else's. */
  #own: Map<string, string> | undefined;
  /** Innermost binding last. The prefix of the default namespace is the empty string. */
  #inner: Map<string, Binding[]> | undefined;
  /** Prefixes in the order in which they were bound, so that leaving an element can undo them. */
  #order: { prefix: string; depth: number }[] = [];

  /** Begins with these at depth 0. */
  constructor(outer: ReadonlyMap<string, string>) {
    this.#outer = outer;
  }

  /** What the header bound; to be taken when it is complete. */
  get outer(): ReadonlyMap<string, string> {
    return this.#outer;
  }

  bind(prefix: string, namespace: string, depth: number): void {
    if (depth === 0) {
      this.#own ??= new Map(this.#outer);
      this.#own.set(prefix, namespace);
      this.#outer = this.#own;
      return;
    }
    this.#inner ??= new Map();
    const stack = this.#inner.get(prefix);
    if (stack) stack.push({ namespace, depth });
    else this.#inner.set(prefix, [{ namespace, depth }]);
    this.#order.push({ prefix, depth });
  }

  /** Undoes what was bound at this depth or deeper. */
  leave(depth: number): void {
    for (let last = this.#order.at(-1); last && last.depth >= depth; last = this.#order.at(-1)) {
      this.#order.pop();
      const stack = this.#inner?.get(last.prefix);
      stack?.pop();
      if (stack?.length === 0) this.#inner?.delete(last.prefix);
    }
    if (this.#order.length > 0 || !this.#inner) return;
    this.#inner = undefined;
    this.#order = [];
  }

  /** The namespace of a prefix; `undefined` when it was never declared. */
  resolve(prefix: string): string | undefined {
    if (prefix === 'xml') return ns.XML;
    const bound = this.#inner?.get(prefix)?.at(-1)?.namespace ?? this.#outer.get(prefix);
    return prefix === '' ? (bound ?? '') : bound;
  }

  /** The depth at which a prefix was bound, or -1. */
  depthOf(prefix: string): number {
    const inner = this.#inner?.get(prefix)?.at(-1)?.depth;
    return inner ?? (this.#outer.has(prefix) ? 0 : -1);
  }
}

/** Namespaces in XML 1.0 section 3: the reserved names, and no undeclaring of prefixes. */
export function mayBind(prefix: string, namespace: string): boolean {
  if (prefix === 'xml') return namespace === ns.XML;
  if (prefix === 'xmlns' || namespace === XMLNS || namespace === ns.XML) return false;
  return prefix === '' || namespace !== '';
}
