/** Which characters may stand in an identifier, a free text or a label (RFC 8264 section 8, RFC 5892 section 3). */
import { RunTable } from './runs.js';
import { derivedRuns } from './tables.js';

export type Validity = 'valid' | 'context' | 'invalid';

const derived = new RunTable(derivedRuns);

/** RFC 8264 section 4.2. */
export function inIdentifierClass(codePoint: number): Validity {
  return validity(derived.at(codePoint), 'VWIM');
}

/** RFC 8264 section 4.3. */
export function inFreeformClass(codePoint: number): Validity {
  return validity(derived.at(codePoint), 'VWIMF');
}

/** RFC 5892 section 3. */
export function inLabel(codePoint: number): Validity {
  return validity(derived.at(codePoint), 'IM');
}

/** General_Category M, of characters that labels may hold. */
export function isLabelMark(codePoint: number): boolean {
  return derived.at(codePoint) === 'M';
}

function validity(letter: string, valid: string): Validity {
  if (valid.includes(letter)) return 'valid';
  return letter === 'J' || letter === 'O' ? 'context' : 'invalid';
}
