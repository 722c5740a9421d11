/** A parsed XML element: names resolved to namespaces, prefixes gone. */

import { elementXml } from './element-xml.js';

export { escapeXml, unescapeXml } from './xml-text.js';

export type ElementChild = Element | string;
export type Attributes = Record<string, string>;

/** Sets what a peer has named: assigned like any other, an attribute called `__proto__` would be no attribute. */
export function setAttribute(attrs: Attributes, name: string, value: string): void {
  if (name !== '__proto__') attrs[name] = value;
  else Object.defineProperty(attrs, name, { value, writable: true, enumerable: true, configurable: true });
}

/** What may stand in an `el(...)` call: children, text, and `undefined` for what is left out. */
export type ElementContent = Element | string | undefined | null | false | ElementContent[];

export class Element {
  /** Local name, without a prefix. */
  readonly name: string;
  /** Namespace name; empty only for an element that was built without one and has no parent yet. */
  ns: string;
  /** Attributes except namespace declarations; `xml:lang` keeps its prefix. */
  readonly attrs: Attributes;
  readonly children: ElementChild[];

  constructor(name: string, ns: string, attrs: Attributes = {}, children: ElementChild[] = []) {
    this.name = name;
    this.ns = ns;
    this.attrs = attrs;
    this.children = children;
  }

  /** True for an element of this name and namespace. */
  is(name: string, ns: string): boolean {
    return this.name === name && this.ns === ns;
  }

  /** The first child element of this name, in our own namespace unless another one is given. */
  child(name: string, ns: string = this.ns): Element | undefined {
    for (const child of this.children) {
      if (typeof child !== 'string' && child.name === name && child.ns === ns) return child;
    }
    return undefined;
  }

  /** The first child element that lives in this namespace, whatever its name. */
  childIn(ns: string): Element | undefined {
    return this.elements().find((child) => child.ns === ns);
  }

  /** All child elements, text left out. */
  elements(): Element[] {
    return this.children.filter((child): child is Element => typeof child !== 'string');
  }

  /** All child elements of this name, in our own namespace unless another one is given. */
  childrenNamed(name: string, ns: string = this.ns): Element[] {
    return this.elements().filter((child) => child.is(name, ns));
  }

  /** Our own character data, without that of children. */
  text(): string {
    let text = '';
    for (const child of this.children) if (typeof child === 'string') text += child;
    return text;
  }

  /** The character data of the first child of this name; `undefined` when there is no such child. */
  childText(name: string, ns: string = this.ns): string | undefined {
    return this.child(name, ns)?.text();
  }

  append(...content: ElementContent[]): this {
    for (const child of content) {
      if (Array.isArray(child)) this.append(...child);
      else if (typeof child === 'string') this.children.push(child);
      else if (child) this.children.push(adopt(child, this.ns));
    }
    return this;
  }

  /**
   * XML text. A namespace is declared wherever it differs from `inherited`, that of the enclosing element; where that would make the
   * text much longer than it has to be, namespaces get prefixes that are declared once.
   */
  toXml(inherited = ''): string {
    return elementXml(this, inherited);
  }

  toString(): string {
    return this.toXml();
  }

  /** A deep copy, free to be changed. */
  clone(): Element {
    const children = this.children.map((child) => (typeof child === 'string' ? child : child.clone()));
    return new Element(this.name, this.ns, { ...this.attrs }, children);
  }
}

/**
 * Builds an element: `el('query', { xmlns: ns.LAST }, 'text', child)`. An attribute that is `undefined` is left out, and
 * an element without `xmlns` takes the namespace of the one it is put into.
 */
export function el(
  name: string,
  attrs: Record<string, string | undefined> = {},
  ...content: ElementContent[]
): Element {
  const { xmlns = '', ...rest } = attrs;
  const kept: Attributes = {};
  for (const key in rest) if (rest[key] !== undefined) setAttribute(kept, key, rest[key]);
  return new Element(name, xmlns, kept).append(...content);
}

function adopt(child: Element, ns: string): Element {
  if (child.ns !== '' || ns === '') return child;
  child.ns = ns;
  for (const grandchild of child.children) if (typeof grandchild !== 'string') adopt(grandchild, ns);
  return child;
}
