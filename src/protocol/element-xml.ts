/** Writes elements as XML text of a length that is in proportion to what they hold. */
import type { Element } from './element.js';
import { escapeXml } from './xml-text.js';

/** So many characters may be spent on namespaces that children declare: what ordinary stanzas have is written in the ordinary way. */
const MAX_DECLARED = 4_096;

export function elementXml(element: Element, inherited: string): string {
  return plainXml(element, inherited, { left: MAX_DECLARED }) ?? prefixedXml(element, inherited);
}

interface Budget {
  left: number;
}

/** Without prefixes of our own. Undefined when the budget is exceeded. */
function plainXml(element: Element, inherited: string, budget: Budget): string | undefined {
  const { name, ns, attrs, children } = element;
  let xml = `<${name}`;
  if (ns !== inherited && ns !== '') {
    xml += ` xmlns='${escapeXml(ns)}'`;
    budget.left -= ns.length;
  }
  for (const key in attrs) {
    const value = attrs[key] as string;
    if (key.startsWith('xmlns:')) budget.left -= value.length;
    xml += ` ${key}='${escapeXml(value)}'`;
  }
  if (children.length === 0) return `${xml}/>`;
  if (budget.left < 0) return undefined;

  xml += '>';
  const scope = ns === '' ? inherited : ns;
  for (const child of children) {
    const part = typeof child === 'string' ? escapeXml(child) : plainXml(child, scope, budget);
    if (part === undefined || budget.left < 0) return undefined;
    xml += part;
  }
  return `${xml}</${name}>`;
}

/** Each namespace but that of the whole is declared once, at the top. */
function prefixedXml(element: Element, inherited: string): string {
  const scope = element.ns === '' ? inherited : element.ns;
  const prefixes = new Map<string, string>();
  collect(element, scope, scope, prefixes);
  let declared = element.ns !== inherited && element.ns !== '' ? ` xmlns='${escapeXml(element.ns)}'` : '';
  for (const [ns, prefix] of prefixes) declared += ` xmlns:${prefix}='${escapeXml(ns)}'`;
  return write(element, scope, scope, prefixes, declared);
}

/** Gives prefixes to the namespaces of elements and attributes that differ from that of the whole. */
function collect(element: Element, enclosing: string, whole: string, prefixes: Map<string, string>): void {
  const ns = element.ns === '' ? enclosing : element.ns;
  const add = (name: string) => prefixes.has(name) || prefixes.set(name, `n${prefixes.size}`);
  if (ns !== whole) add(ns);
  for (const key in element.attrs) if (key.startsWith('xmlns:')) add(element.attrs[key] as string);
  for (const child of element.children) if (typeof child !== 'string') collect(child, ns, whole, prefixes);
}

function write(
  element: Element,
  enclosing: string,
  whole: string,
  prefixes: ReadonlyMap<string, string>,
  declared = '',
): string {
  const ns = element.ns === '' ? enclosing : element.ns;
  const name = ns === whole ? element.name : `${prefixes.get(ns)}:${element.name}`;
  let xml = `<${name}${declared}`;
  for (const key in element.attrs) {
    if (key.startsWith('xmlns:')) continue;
    xml += ` ${attributeName(element, key, prefixes)}='${escapeXml(element.attrs[key] as string)}'`;
  }
  if (element.children.length === 0) return `${xml}/>`;

  xml += '>';
  for (const child of element.children)
    xml += typeof child === 'string' ? escapeXml(child) : write(child, ns, whole, prefixes);
  return `${xml}</${name}>`;
}

/** An attribute brings the declaration of its prefix along. */
function attributeName(element: Element, key: string, prefixes: ReadonlyMap<string, string>): string {
  const colon = key.indexOf(':');
  const ns = colon < 0 ? undefined : element.attrs[`xmlns:${key.slice(0, colon)}`];
  return ns === undefined ? key : `${prefixes.get(ns)}${key.slice(colon)}`;
}
