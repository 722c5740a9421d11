/** The PRECIS profiles of user names and of opaque strings such as resources and passwords (RFC 8265). */
import { isRightToLeft, obeysBidiRule } from './bidi.js';
import { isInContext } from './context.js';
import { inFreeformClass, inIdentifierClass, type Validity } from './derived.js';
import { mapWidth } from './width.js';

/** RFC 8265 section 3.3. `undefined` when the text is no valid user name. */
export function usernameCaseMapped(text: string): string | undefined {
  return untilStable(text, (current) => {
    const narrow = mapWidth(current);
    if (!consistsOf(codePoints(narrow), inIdentifierClass)) return undefined;
    const lower = narrow.toLowerCase().normalize('NFC');
    const result = codePoints(lower);
    if (!consistsOf(result, inIdentifierClass)) return undefined;
    return isRightToLeft(result) && !obeysBidiRule(result) ? undefined : lower;
  });
}

/** RFC 8265 section 4.2. `undefined` when the text is not valid. */
export function opaqueString(text: string): string | undefined {
  return untilStable(text, (current) => {
    if (!consistsOf(codePoints(current), inFreeformClass)) return undefined;
    const spaced = current.replace(/\p{Zs}/gu, ' ').normalize('NFC');
    return consistsOf(codePoints(spaced), inFreeformClass) ? spaced : undefined;
  });
}

/** Whether every character is of the class, and every one that needs certain neighbours has them. */
export function consistsOf(text: readonly number[], classOf: (codePoint: number) => Validity): boolean {
  for (let index = 0; index < text.length; index++) {
    const validity = classOf(text[index]!);
    if (validity === 'invalid' || (validity === 'context' && !isInContext(text, index))) return false;
  }
  return text.length > 0;
}

/** A lone surrogate counts as one code point, which no class holds. */
export function codePoints(text: string): number[] {
  return Array.from(text, (character) => character.codePointAt(0)!);
}

/** RFC 8264 section 7: applies the rules until nothing changes any more, and at most three more times. */
function untilStable(text: string, apply: (text: string) => string | undefined): string | undefined {
  let current: string | undefined = text;
  for (let round = 0; round < 4; round++) {
    const next: string | undefined = apply(current);
    if (next === undefined || next === current) return next;
    current = next;
  }
  return undefined;
}
