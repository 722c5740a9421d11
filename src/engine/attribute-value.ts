/** Reads the value of an attribute. */
import { unescapeXml } from '../protocol/element.js';

/** XML 1.0 section 3.3.3: white space counts as spaces, unless it was written as a reference. */
export function attributeValue(raw: string): string {
  return unescapeXml(raw.replace(/\r\n?|[\t\n]/g, ' '));
}
