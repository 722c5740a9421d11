/** Passwords and names in the one form that client and server compute with (RFC 4013). */

/** RFC 3454 table B.1: commonly mapped to nothing. */
const NOTHING = /\u00AD|\u034F|\u1806|[\u180B-\u180D]|[\u200B-\u200D]|\u2060|[\uFE00-\uFE0F]|\uFEFF/g;
/** RFC 3454 table C.1.2: spaces that are not ASCII. */
const SPACES = /[\u00A0\u1680\u2000-\u200A\u202F\u205F\u3000]/g;

export function saslPrepared(text: string): string {
  return text.replace(SPACES, ' ').replace(NOTHING, '').normalize('NFKC');
}
