/** XML elements as the chat client handles them: plain values that are written out, and made from what a parser found. */

export type XmlChild = Xml | string;

export class Xml {
  readonly name: string;
  readonly ns: string;
  /** By the name as written, such as `xml:lang`; without declarations of namespaces. */
  readonly attrs: Readonly<Record<string, string>>;
  readonly children: readonly XmlChild[];

  constructor(name: string, ns: string, attrs: Readonly<Record<string, string>>, children: readonly XmlChild[]) {
    this.name = name;
    this.ns = ns;
    this.attrs = attrs;
    this.children = children;
  }

  is(name: string, ns: string): boolean {
    return this.name === name && this.ns === ns;
  }

  get elements(): Xml[] {
    return this.children.filter((child) => typeof child !== 'string');
  }

  /** The first child of this name; of the same namespace as this unless one is given. */
  child(name: string, ns: string = this.ns): Xml | undefined {
    return this.elements.find((child) => child.is(name, ns));
  }

  /** Of its own, not of elements inside. */
  get text(): string {
    return this.children.filter((child) => typeof child === 'string').join('');
  }

  childText(name: string, ns: string = this.ns): string | undefined {
    return this.child(name, ns)?.text;
  }

  /** As text, within an element of the namespace `around`. */
  write(around = ''): string {
    const declared = this.ns === around ? '' : ` xmlns="${escaped(this.ns)}"`;
    const attrs = Object.entries(this.attrs).map(([name, value]) => ` ${name}="${escaped(value)}"`);
    const open = `<${this.name}${declared}${attrs.join('')}`;
    if (this.children.length === 0) return `${open}/>`;
    const inner = this.children.map((child) => (typeof child === 'string' ? escaped(child) : child.write(this.ns)));
    return `${open}>${inner.join('')}</${this.name}>`;
  }
}

type Attributes = Readonly<Record<string, string | undefined>>;

/** Attributes and children that are undefined are left out. */
export function xml(
  name: string,
  ns: string,
  attrs: Attributes = {},
  ...children: readonly (XmlChild | undefined)[]
): Xml {
  const given = Object.entries(attrs).filter((one): one is [string, string] => one[1] !== undefined);
  return new Xml(
    name,
    ns,
    Object.fromEntries(given),
    children.filter((child) => child !== undefined),
  );
}

/** What XML has no way to carry (XML 1.0 section 2.2), such as control characters, is left out. */
function escaped(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, '')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;')
    .replaceAll('\t', '&#9;')
    .replaceAll('\n', '&#10;')
    .replaceAll('\r', '&#13;');
}

interface DomNode {
  readonly nodeType: number;
  readonly nodeValue?: string | null;
}

/** As much of the DOM as is needed. */
export interface DomElement extends DomNode {
  readonly localName: string | null;
  readonly namespaceURI: string | null;
  readonly attributes: ArrayLike<{ readonly name: string; readonly value: string }>;
  readonly childNodes: ArrayLike<unknown>;
}

const ELEMENT_NODE = 1;
const TEXT_NODES = [3, 4];

export function fromDom(element: DomElement): Xml {
  const attrs = Array.from(element.attributes)
    .filter(({ name }) => name !== 'xmlns' && !name.startsWith('xmlns:'))
    .map(({ name, value }) => [name, value] as const);
  const children = Array.from(element.childNodes as ArrayLike<DomNode>).flatMap((node): XmlChild[] => {
    if (node.nodeType === ELEMENT_NODE) return [fromDom(node as DomElement)];
    return TEXT_NODES.includes(node.nodeType) ? [node.nodeValue ?? ''] : [];
  });
  return new Xml(element.localName ?? '', element.namespaceURI ?? '', Object.fromEntries(attrs), children);
}
