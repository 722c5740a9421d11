/** Which handler serves a request, by the host that it asks for and its path. */

import { type PathMatch, PathPattern } from '../../platform/path-pattern.js';
import type { HttpHandler } from './handler.js';

/** `_` stands for every host. */
const ANY_HOST = '_';

export interface RouteEntry {
  readonly host: string;
  readonly path: string;
  readonly handler: HttpHandler;
}

export interface RouteMatch extends PathMatch {
  readonly handler: HttpHandler;
}

interface Route {
  readonly pattern: PathPattern;
  readonly handler: HttpHandler;
}

export class Routes {
  readonly #byHost = new Map<string, Route[]>();

  constructor(entries: readonly RouteEntry[]) {
    for (const { host, path, handler } of entries) {
      const name = host.toLowerCase();
      const routes = this.#byHost.get(name) ?? [];
      this.#byHost.set(name, routes);
      for (const pattern of PathPattern.parse(path)) routes.push({ pattern, handler });
    }
    // The sort is stable: of two that say the same, the first one in the configuration counts.
    for (const routes of this.#byHost.values()) routes.sort((a, b) => compare(a.pattern.rank, b.pattern.rank));
  }

  /** Whether anything is served under this name. */
  knowsHost(host: string): boolean {
    return this.#byHost.has(host) || this.#byHost.has(ANY_HOST);
  }

  /** What stands for the very host comes before what stands for every host. */
  find(host: string, path: string): RouteMatch | undefined {
    return this.#among(this.#byHost.get(host), path) ?? this.#among(this.#byHost.get(ANY_HOST), path);
  }

  #among(routes: readonly Route[] | undefined, path: string): RouteMatch | undefined {
    for (const { pattern, handler } of routes ?? []) {
      const match = pattern.match(path);
      if (match) return { handler, ...match };
    }
    return undefined;
  }
}

function compare(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
