/** Origins of web pages (RFC 6454), as browsers send them and configurations list them. */

/** What a page that has no origin of its own sends, such as one from a file. */
const OPAQUE = 'null';
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:\[[\da-f:.]+\]|[^\s/?#@:[\]\\]+)(?::\d{1,5})?$/i;

export function isOrigin(text: string): boolean {
  return text === OPAQUE || (ORIGIN.test(text) && URL.canParse(text));
}

export class OriginList {
  readonly #origins: ReadonlySet<string>;

  constructor(origins: readonly string[]) {
    this.#origins = new Set(origins.map(serialized));
  }

  has(origin: string): boolean {
    return isOrigin(origin) && this.#origins.has(serialized(origin));
  }
}

/** RFC 6454 section 6.2. `URL` has no origin for the schemes of apps. */
function serialized(origin: string): string {
  if (origin === OPAQUE) return origin;
  const url = new URL(origin);
  return url.origin === OPAQUE ? origin.toLowerCase() : url.origin;
}
