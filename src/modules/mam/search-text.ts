/** Text as it is searched: MongooseIM's normal form of bodies and of what people look for. */

/** So many words of a search count. */
const MAX_WORDS = 10;

const SEPARATORS = ', .:;?!-';
const NO_WORD = /[^\p{L}\p{M}\p{N}_ ]+/gu;

/** What a sign below 128 is to a text that is searched. */
const kind = { NOTHING: 0, WORD: 1, SEPARATOR: 2 } as const;
const KINDS = Uint8Array.from({ length: 128 }, (_, code) => {
  const sign = String.fromCharCode(code);
  if (SEPARATORS.includes(sign)) return kind.SEPARATOR;
  return /[a-z0-9_]/.test(sign) ? kind.WORD : kind.NOTHING;
});

/** Small letters, words and single blanks only. */
export function searchBody(body: string): string {
  const text = body.toLowerCase();
  return searchAscii(text) ?? searchAny(text);
}

/** `undefined` for a text with other signs. PERF(chat): half the time of expressions, for every message of an archive. */
function searchAscii(text: string): string | undefined {
  let words = '';
  let start = -1;
  let isApart = false;
  for (let at = 0; at <= text.length; at++) {
    // Behind the text there is a sign that is nothing.
    const code = at < text.length ? text.charCodeAt(at) : 0;
    if (code >= KINDS.length) return undefined;
    const is = KINDS[code];
    if (is === kind.WORD) {
      if (start < 0) start = at;
      continue;
    }
    if (start >= 0) {
      words += isApart && words !== '' ? ` ${text.slice(start, at)}` : text.slice(start, at);
      start = -1;
      isApart = false;
    }
    if (is === kind.SEPARATOR) isApart = true;
  }
  return words;
}

function searchAny(text: string): string {
  return text
    .replace(/[, .:;?!-]+/g, ' ')
    .replace(NO_WORD, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Each of them has to be in the body somewhere. */
export function searchWords(text: string): string[] {
  return searchBody(text).split(' ').slice(0, MAX_WORDS);
}
