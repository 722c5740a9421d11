/** Reads what the archive needs of a stanza from its text, so that a plain message is never parsed for it. */
import { unescapeXml } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';

/** The first body; empty when there is none. `xml` is the text of the stanza. */
export function bodyOf(stanza: Stanza, xml: string): string {
  if (!stanza.has(child.BODY)) return '';
  return bodyInText(xml) ?? stanza.tree().childText('body') ?? '';
}

/** By what a later message may retract this one: its origin id, else its own id (XEP-0424 section 6.1). */
export function originIdOf(stanza: Stanza, xml: string): string | undefined {
  if (!stanza.has(child.ORIGIN_ID)) return stanza.id;
  return originIdInText(xml) ?? stanza.tree().child('origin-id', ns.STANZA_ID)?.attrs['id'];
}

/** `undefined` unless it is beyond doubt which element is the body, and there is nothing but text in it. */
function bodyInText(xml: string): string | undefined {
  const start = onlyTag(xml, 'body');
  if (start < 0) return undefined;
  const from = xml.indexOf('>', start) + 1;
  // An attribute may hold the sign too, and a body may be empty: both are rare.
  if (/["'/]/.test(xml.slice(start + '<body'.length, from - 1))) return undefined;
  const to = xml.indexOf('<', from);
  return xml.startsWith('</body>', to) ? unescapeXml(xml.slice(from, to)) : undefined;
}

function originIdInText(xml: string): string | undefined {
  const start = onlyTag(xml, 'origin-id');
  if (start < 0) return undefined;
  return attributeId(xml.slice(start, xml.indexOf('>', start)));
}

/** A reference in the value, or a sign that looks like another attribute, is left to the parser. */
function attributeId(tag: string): string | undefined {
  const found = [...tag.matchAll(/\sid\s*=\s*(?:"([^"]*)"|'([^']*)')/g)];
  const value = found.length === 1 ? (found[0]?.[1] ?? found[0]?.[2]) : undefined;
  return value?.includes('&') ? undefined : value;
}

/** Where the only tag of this name begins; -1 when it is not the only one, or one with a prefix could be meant. */
function onlyTag(xml: string, name: string): number {
  const start = xml.indexOf(`<${name}`);
  if (start < 0 || xml.includes(`:${name}`) || !/[\s/>]/.test(xml.charAt(start + 1 + name.length))) return -1;
  return xml.indexOf(`<${name}`, start + 1) < 0 ? start : -1;
}
