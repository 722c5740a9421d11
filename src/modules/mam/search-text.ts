/** Text as it is searched: MongooseIM's normal form of bodies and of what people look for. */

/** So many words of a search count. */
const MAX_WORDS = 10;

/** Small letters, words and single blanks only. */
export function searchBody(body: string): string {
  return body
    .toLowerCase()
    .replace(/[, .:;?!-]+/g, ' ')
    .replace(/[^\p{L}\p{M}\p{N}_ ]+/gu, '')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/** Each of them has to be in the body somewhere. */
export function searchWords(text: string): string[] {
  return searchBody(text).split(' ').slice(0, MAX_WORDS);
}
