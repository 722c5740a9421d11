/** Which pages of other origins may read an answer: the CORS protocol of the Fetch standard. */
import type { CorsRules, HeaderFields } from './handler.js';

/** For every answer of a handler with these rules to a request with this `Origin`. */
export function corsFields({ origins }: CorsRules, origin: string | undefined): HeaderFields {
  if (!origins) return { 'access-control-allow-origin': '*' };
  const isAllowed = origin !== undefined && origins.has(origin);
  return { vary: 'Origin', ...(isAllowed && { 'access-control-allow-origin': origin }) };
}

/** In an answer to a preflight, beside those of every answer. */
export function preflightFields({ methods, headers, maxAgeSeconds }: CorsRules): HeaderFields {
  return {
    'access-control-allow-methods': methods.join(', '),
    'access-control-allow-headers': headers.join(', '),
    'access-control-max-age': String(maxAgeSeconds),
  };
}
