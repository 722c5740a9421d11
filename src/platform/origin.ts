/** Origins of web pages (RFC 6454), as browsers send them and configurations list them. */

/** What pages send that have no origin of their own, such as those from files; with WebSocket Chromium and frameworks for apps have the second. */
const OPAQUE = 'null';
const FILE = 'file://';
/** In a configuration: pages that a web server on this machine serves, on any port. */
const LOOPBACK = 'loopback';
const LOOPBACK_HOST = /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/;
const ORIGIN = /^[a-z][a-z\d+.-]*:\/\/(?:\[[\da-f:.]+\]|[^\s/?#@:[\]\\]+)(?::\d{1,5})?$/i;

function isOrigin(text: string): boolean {
  return text === OPAQUE || text === FILE || (ORIGIN.test(text) && URL.canParse(text));
}

/** What `OriginList` is made of. */
export function isListedOrigin(text: string): boolean {
  return text === LOOPBACK || isOrigin(text);
}

export class OriginList {
  readonly #origins: ReadonlySet<string>;
  readonly #hasLoopback: boolean;

  constructor(origins: readonly string[]) {
    this.#hasLoopback = origins.includes(LOOPBACK);
    this.#origins = new Set(origins.filter((origin) => origin !== LOOPBACK).map(serialized));
  }

  has(origin: string): boolean {
    if (!isOrigin(origin)) return false;
    return this.#origins.has(serialized(origin)) || (this.#hasLoopback && isLoopback(origin));
  }
}

/** By name, not by what the name resolves to: whoever owns a domain can let it resolve to this machine (DNS rebinding). */
function isLoopback(origin: string): boolean {
  if (origin === OPAQUE) return false;
  const { protocol, hostname } = new URL(origin);
  return /^https?:$/.test(protocol) && LOOPBACK_HOST.test(hostname);
}

/** RFC 6454 section 6.2. `URL` has no origin for the schemes of apps. */
function serialized(origin: string): string {
  if (origin === OPAQUE) return origin;
  const url = new URL(origin);
  return url.origin === OPAQUE ? origin.toLowerCase() : url.origin;
}
