/** Markup as a pattern: what is written has to be there, what is not written may be anything. */
import { type Element, parse } from 'ltx';

/** Attribute or text value that fits anything, as long as it is there. */
const ANYTHING = '*';

/** Whether the element has the name, the attributes, the text and the children of the pattern. */
export function fits(element: Element, pattern: Element): boolean {
  if (element.getName() !== pattern.getName()) return false;
  for (const [name, value] of Object.entries(pattern.attrs)) {
    const actual = name === 'xmlns' ? element.getNS() : element.attrs[name];
    if (value === ANYTHING ? actual === undefined : actual !== value) return false;
  }
  const text = pattern.getText();
  if (text !== '' && (text === ANYTHING ? element.getText() === '' : element.getText() !== text)) return false;
  return pattern.getChildElements().every((child) => element.getChildElements().some((one) => fits(one, child)));
}

export function pattern(markup: string): Element {
  return parse(markup);
}
