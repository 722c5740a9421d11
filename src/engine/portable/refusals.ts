/** Counts the connections that were closed before anybody heard of them, and says so once in a while. */

/** How long those that follow the first are gathered. */
const REST_MS = 10_000;

export type TellRefused = (listener: number, reason: number, count: number, address: string) => void;

interface Kind {
  count: number;
  address: string;
  rest: NodeJS.Timeout | undefined;
}

export class Refusals {
  total = 0;
  readonly #tell: TellRefused;
  readonly #kinds = new Map<string, Kind>();

  constructor(tell: TellRefused) {
    this.#tell = tell;
  }

  add(listener: number, reason: number, address: string): void {
    this.total += 1;
    const key = `${listener} ${reason}`;
    const kind = this.#kinds.get(key) ?? { count: 0, address, rest: undefined };
    this.#kinds.set(key, kind);
    kind.count += 1;
    kind.address = address;
    if (kind.rest === undefined) this.#say(listener, reason, kind);
  }

  stop(): void {
    for (const { rest } of this.#kinds.values()) clearTimeout(rest);
  }

  #say(listener: number, reason: number, kind: Kind): void {
    const { count, address } = kind;
    kind.count = 0;
    kind.rest = setTimeout(() => {
      kind.rest = undefined;
      if (kind.count > 0) this.#say(listener, reason, kind);
    }, REST_MS);
    kind.rest.unref();
    this.#tell(listener, reason, count, address);
  }
}
