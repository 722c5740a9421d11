/** Characters that are valid in certain neighbourhoods only: the rules of RFC 5892 appendix A. */
import { RunTable } from './runs.js';
import { joiningRuns } from './tables.js';

const joining = new RunTable(joiningRuns);

/** Whether the CONTEXTJ or CONTEXTO character at `index` of the text is where it may be. */
export function isInContext(text: readonly number[], index: number): boolean {
  const codePoint = text[index]!;
  const before = text[index - 1];
  const after = text[index + 1];
  switch (codePoint) {
    case 0x200c: // A.1
      return isAfterVirama(before) || joinsBothSides(text, index);
    case 0x200d: // A.2
      return isAfterVirama(before);
    case 0xb7: // A.3
      return before === 0x6c && after === 0x6c;
    case 0x375: // A.4
      return after !== undefined && /\p{Script=Greek}/u.test(fromCodePoint(after));
    case 0x5f3: // A.5
    case 0x5f4: // A.6
      return before !== undefined && /\p{Script=Hebrew}/u.test(fromCodePoint(before));
    case 0x30fb: // A.7
      return text.some((other) => /[\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Han}]/u.test(fromCodePoint(other)));
  }
  if (codePoint >= 0x660 && codePoint <= 0x669) return !text.some((other) => other >= 0x6f0 && other <= 0x6f9); // A.8
  if (codePoint >= 0x6f0 && codePoint <= 0x6f9) return !text.some((other) => other >= 0x660 && other <= 0x669); // A.9
  return false;
}

function isAfterVirama(before: number | undefined): boolean {
  return before !== undefined && 'VW'.includes(joining.at(before));
}

/** RFC 5892 appendix A.1: (L or D) T* ZWNJ T* (R or D). */
function joinsBothSides(text: readonly number[], index: number): boolean {
  let left = index - 1;
  while (left >= 0 && isTransparent(text[left]!)) left--;
  if (left < 0 || !'LD'.includes(joining.at(text[left]!))) return false;
  let right = index + 1;
  while (right < text.length && isTransparent(text[right]!)) right++;
  return right < text.length && 'RD'.includes(joining.at(text[right]!));
}

function isTransparent(codePoint: number): boolean {
  return 'TV'.includes(joining.at(codePoint));
}

function fromCodePoint(codePoint: number): string {
  return String.fromCodePoint(codePoint);
}
