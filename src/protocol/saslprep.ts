/** Passwords and SASL user names made comparable (RFC 4013), as the SCRAM mechanisms ask for. */
import { RunTable } from './precis/runs.js';
import { stringprepRuns } from './precis/stringprep-tables.js';

const classes = new RunTable(stringprepRuns);

/**
 * RFC 4013. `undefined` when the text holds a prohibited character or breaks the rule for text from right to left.
 *
 * Characters that Unicode 3.2 did not know are kept as they are, as RFC 3454 section 7 has it for queries. Stored
 * strings are treated the same: were they refused, no password could hold a letter or an emoji newer than 2002.
 */
export function saslPrep(text: string): string | undefined {
  if (isPlainAscii(text)) return text;
  return stringprep(text.replace(/[^\x00-\x7f]/gu, (character) => (classOf(character) === 'S' ? ' ' : character)));
}

/**
 * COMPAT(MongooseIM, as long as its databases are taken over): RFC 6122 appendix B, which MongooseIM prepares passwords
 * with in place of SASLprep. Only spaces differ: most become U+0020 either way, but U+1680 is refused, U+200B vanishes.
 */
export function resourcePrep(text: string): string | undefined {
  if (isPlainAscii(text)) return text;
  return stringprep(text.replaceAll('\u200b', ''));
}

/** RFC 3454 section 2, from the mapping to nothing on. */
function stringprep(text: string): string | undefined {
  const kept = Array.from(text).filter((character) => classOf(character) !== 'N');
  const normalized = normalize(kept);
  const found = Array.from(normalized, classOf).join('');
  // C.1.2 is prohibited as well; a profile that maps it has done so.
  if (/[PS]/.test(found)) return undefined;
  // RFC 3454 section 6.
  if (found.includes('R') && (found.includes('L') || !/^R(?:.*R)?$/.test(found))) return undefined;
  return normalized;
}

/** NFKC of Unicode 3.2: a character that it did not know has no decomposition and stands between what it knew. */
function normalize(characters: readonly string[]): string {
  let result = '';
  let known = '';
  for (const character of characters) {
    if (classOf(character) !== 'U') {
      known += character;
      continue;
    }
    result += known.normalize('NFKC') + character;
    known = '';
  }
  return result + known.normalize('NFKC');
}

function classOf(character: string): string {
  return classes.at(character.codePointAt(0)!);
}

function isPlainAscii(text: string): boolean {
  return /^[\x20-\x7e]*$/.test(text);
}
