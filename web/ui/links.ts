/** Finds web addresses in what people write. */

export interface Piece {
  readonly text: string;
  /** Where it leads, for an address. */
  readonly href: string | undefined;
}

const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+/gi;
/** What ends a sentence does not belong to the address. */
const TRAILING = /[.,;:!?)\]}…]+$/;

/** All of the text, in pieces. */
export function piecesOf(text: string): Piece[] {
  const pieces: Piece[] = [];
  let done = 0;
  for (const { 0: found, index } of text.matchAll(ADDRESS)) {
    const address = found.replace(TRAILING, '');
    const href = hrefOf(address);
    if (href === undefined) continue;
    if (index > done) pieces.push({ text: text.slice(done, index), href: undefined });
    pieces.push({ text: address, href });
    done = index + address.length;
  }
  if (done < text.length) pieces.push({ text: text.slice(done), href: undefined });
  return pieces;
}

function hrefOf(address: string): string | undefined {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  return url && ['http:', 'https:'].includes(url.protocol) ? url.href : undefined;
}
