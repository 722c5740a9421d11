/** The syntax of language tags (BCP 47). */

/** RFC 5646 section 4.4.1 asks for room for 35 characters, which no meaningful tag exceeds. */
const MAX_BYTES = 35;

/** RFC 5646 section 2.1. */
const wellFormed = new RegExp(
  [
    '^(?:',
    '(?:[a-z]{2,3}(?:-[a-z]{3}){0,3}|[a-z]{4,8})',
    '(?:-[a-z]{4})?',
    '(?:-(?:[a-z]{2}|[0-9]{3}))?',
    '(?:-(?:[a-z0-9]{5,8}|[0-9][a-z0-9]{3}))*',
    '(?:-[a-wy-z0-9](?:-[a-z0-9]{2,8})+)*',
    '(?:-x(?:-[a-z0-9]{1,8})+)?',
    '|x(?:-[a-z0-9]{1,8})+',
    ')$',
  ].join(''),
  'i',
);

/** RFC 5646 section 2.1: tags of old that the syntax does not cover. */
const irregular = new Set(
  (
    'en-gb-oed i-ami i-bnn i-default i-enochian i-hak i-klingon i-lux i-mingo i-navajo i-pwn i-tao i-tay i-tsu ' +
    'sgn-be-fr sgn-be-nl sgn-ch-de'
  ).split(' '),
);

/** Whether the text is a well-formed language tag; says nothing of whether such a language is registered. */
export function isLanguageTag(text: string): boolean {
  if (text.length > MAX_BYTES) return false;
  const tag = text.toLowerCase();
  return irregular.has(tag) || (wellFormed.test(tag) && !repeatsSubtag(tag));
}

/** RFC 5646 section 2.2.9: neither an extension's letter nor a variant may come twice. */
function repeatsSubtag(tag: string): boolean {
  const singletons = new Set<string>();
  const variants = new Set<string>();
  for (const subtag of tag.split('-').slice(1)) {
    if (subtag === 'x') return false;
    if (subtag.length === 1) {
      if (singletons.has(subtag)) return true;
      singletons.add(subtag);
    } else if (singletons.size === 0 && (subtag.length > 4 || /^[0-9].{3}$/.test(subtag))) {
      if (variants.has(subtag)) return true;
      variants.add(subtag);
    }
  }
  return false;
}
