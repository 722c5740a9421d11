/** The Bidi Rule for text that runs from right to left (RFC 5893 section 2). */
import { RunTable } from './runs.js';
import { bidiRuns } from './tables.js';

const bidi = new RunTable(bidiRuns);

/** RFC 5893 section 1.4: holds a character of class R, AL or AN. */
export function isRightToLeft(text: readonly number[]): boolean {
  return text.some((codePoint) => codePoint >= 0x590 && 'RAN'.includes(bidi.at(codePoint)));
}

/** The six conditions. The text is not empty. */
export function obeysBidiRule(text: readonly number[]): boolean {
  const classes = text.map((codePoint) => bidi.at(codePoint)).join('');
  if (/^[RA]/.test(classes)) {
    if (!/^[RANESCTOBM]*$/.test(classes) || !/[RAEN]M*$/.test(classes)) return false;
    return !(classes.includes('E') && classes.includes('N'));
  }
  return /^L/.test(classes) && /^[LESCTOBM]*$/.test(classes) && /[LE]M*$/.test(classes);
}
