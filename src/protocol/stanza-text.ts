/** Small changes to a stanza that is there as well-formed text, and a look at its start tag, without parsing it. */
import { unescapeXml } from './xml-text.js';

/** The start tag up to its end, `>` or `/>` left out: `>` may stand in attribute values. */
const START_TAG = /^<([^\s/>]+)((?:\s+[^\s=]+\s*=\s*(?:"[^"]*"|'[^']*'))*)/;

/** The same element with `child` behind its other children. */
export function appendChild(xml: string, child: string): string {
  if (!xml.endsWith('/>')) {
    const end = xml.lastIndexOf('</');
    return xml.slice(0, end) + child + xml.slice(end);
  }
  // An element that ends like this has no children: the last tag is its only one.
  const name = START_TAG.exec(xml)?.[1] ?? '';
  return `${xml.slice(0, -2)}>${child}</${name}>`;
}

/** The same element with its default namespace declared, when its own tag does not do so. */
export function declareNamespace(xml: string, ns: string): string {
  const [, name = '', attributes = ''] = START_TAG.exec(xml) ?? [];
  if (/\sxmlns\s*=/.test(attributes.replace(/"[^"]*"|'[^']*'/g, ''))) return xml;
  return `<${name} xmlns='${ns}'${xml.slice(name.length + 1)}`;
}

const ATTRIBUTE = /\s+([^\s=]+)\s*=\s*(?:"([^"]*)"|'([^']*)')/y;

/** The value of an attribute of the element; white space in it stands as it was written. */
export function attributeInText(xml: string, name: string): string | undefined {
  ATTRIBUTE.lastIndex = xml.search(/[\s/>]/);
  for (let found = ATTRIBUTE.exec(xml); found; found = ATTRIBUTE.exec(xml)) {
    if (found[1] === name) return unescapeXml(found[2] ?? found[3] ?? '');
  }
  return undefined;
}
