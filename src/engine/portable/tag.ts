/** One tag as the lexer found it: where its names and values lie, counted from the start of the top-level element. */
import { isNameStart } from './characters.js';

export interface AttributeSpan {
  /** Start of the white space before the name. */
  readonly space: number;
  readonly nameStart: number;
  nameEnd: number;
  /** Between the quotes. */
  valueStart: number;
  valueEnd: number;
}

export class Tag {
  /** Of the `<`. */
  readonly start: number;
  nameEnd = 0;
  /** One past the `>`. */
  end = 0;
  isEmpty = false;
  readonly attributes: AttributeSpan[] = [];

  constructor(start: number) {
    this.start = start;
  }
}

/** A name split at its colon. */
export interface QName {
  /** Empty for none. */
  readonly prefix: string;
  readonly local: string;
}

/** Namespaces in XML 1.0 section 4: at most one colon, with a name on either side; else undefined. */
export function splitName(name: string): QName | undefined {
  const colon = name.indexOf(':');
  if (colon < 0) return { prefix: '', local: name };
  const local = name.slice(colon + 1);
  if (colon === 0 || local === '' || local.includes(':') || !isNameStart(local.codePointAt(0) as number))
    return undefined;
  return { prefix: name.slice(0, colon), local };
}
