/** Text as it is searched: MongooseIM's normal form of bodies and of what people look for. */

/** So many words of a search count. */
const MAX_WORDS = 10;

const SEPARATORS = /[, .:;?!-]+/g;
const BEYOND_ASCII = /[^\0-\x7f]/;
const NO_WORD = /[^\p{L}\p{M}\p{N}_ ]+/gu;
/** The same for most texts, in a fifth of the time. */
const NO_ASCII_WORD = /[^a-z0-9_ ]+/g;

/** Small letters, words and single blanks only. */
export function searchBody(body: string): string {
  const text = body.toLowerCase().replace(SEPARATORS, ' ');
  return text
    .replace(BEYOND_ASCII.test(text) ? NO_WORD : NO_ASCII_WORD, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Each of them has to be in the body somewhere. */
export function searchWords(text: string): string[] {
  return searchBody(text).split(' ').slice(0, MAX_WORDS);
}
