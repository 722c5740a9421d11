/** The browser's XML parser. It alone may be given text: everything else that the page is told stays text (Trusted Types). */
import { fromDom, type Xml } from '../xmpp/xml.js';

interface Policy {
  createHTML(text: string): string;
}

interface PolicyFactory {
  createPolicy(name: string, rules: { createHTML(text: string): string }): Policy;
}

const { trustedTypes } = globalThis as { trustedTypes?: PolicyFactory };
const policy = trustedTypes?.createPolicy('meerkat-xml', { createHTML: (text) => text });
const parser = new DOMParser();

/** Throws for what is not well-formed. The document is of no window, so nothing in it is loaded or run. */
export function parseXml(text: string): Xml {
  const found = parser.parseFromString(policy ? policy.createHTML(text) : text, 'text/xml');
  if (found.getElementsByTagName('parsererror').length > 0) throw new Error('not well-formed');
  return fromDom(found.documentElement);
}
