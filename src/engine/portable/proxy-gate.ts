/** Holds the connections that come from load balancers until their header is read: nobody hears of them before. */
import { BlockList, isIP, type Socket } from 'node:net';
import { refusal } from '../envelope.js';
import { EngineError, type ProxyOptions } from '../port.js';
import { canonicalAddress, type ProxyHeader, readProxyHeader } from './proxy-header.js';

const LEAST_HEADER_BYTES = 256;
const MOST_HEADER_BYTES = 4096;

export interface GateEvents {
  /** The socket is at rest; what follows the header is read from it next. */
  admitted(header: ProxyHeader): void;
  refused(reason: number, address: string): void;
  /** The last call when there was no `admitted`. */
  closed(): void;
}

/** The gate of one listener. */
export class ProxyGate {
  /** By address family; undefined when everybody is trusted. */
  readonly #trusted: ReadonlyMap<number, BlockList> | undefined;
  readonly #deadlineMs: number;
  readonly #limit: number;
  readonly #waiting = new Set<Socket>();

  constructor(options: ProxyOptions) {
    this.#trusted = options.trusted.length === 0 ? undefined : listNetworks(options.trusted);
    this.#deadlineMs = options.headerDeadlineMs;
    this.#limit = Math.min(Math.max(options.maxHeaderBytes, LEAST_HEADER_BYTES), MOST_HEADER_BYTES);
  }

  get waiting(): number {
    return this.#waiting.size;
  }

  enter(socket: Socket, events: GateEvents): void {
    // The system no longer knows who it was when the peer has reset the connection by now, as health checks do.
    const { remoteAddress } = socket;
    const address = canonicalAddress(remoteAddress ?? '');
    if (remoteAddress === undefined || !this.#trusts(address)) {
      socket.on('error', () => {});
      socket.destroy();
      if (remoteAddress !== undefined) events.refused(refusal.UNTRUSTED, address);
      events.closed();
      return;
    }
    this.#waiting.add(socket);
    new Waiting(socket, this.#limit, this.#deadlineMs, {
      done: (header) => {
        this.#waiting.delete(socket);
        events.admitted(header);
      },
      failed: (reason) => {
        this.#waiting.delete(socket);
        if (reason !== undefined) events.refused(reason, address);
        events.closed();
      },
    });
  }

  stop(): void {
    for (const socket of this.#waiting) socket.destroy();
  }

  #trusts(address: string): boolean {
    return (
      this.#trusted === undefined || this.#trusted.get(isIP(address))?.check(address, familyName(address)) === true
    );
  }
}

interface Outcome {
  done(header: ProxyHeader): void;
  /** Without a reason: the peer only looked whether somebody listens. */
  failed(reason: number | undefined): void;
}

/** One connection whose header is under way. */
class Waiting {
  readonly #socket: Socket;
  readonly #limit: number;
  readonly #outcome: Outcome;
  readonly #timer: NodeJS.Timeout | undefined;
  #bytes = Buffer.alloc(0);
  #isOver = false;

  constructor(socket: Socket, limit: number, deadlineMs: number, outcome: Outcome) {
    this.#socket = socket;
    this.#limit = limit;
    this.#outcome = outcome;
    if (deadlineMs > 0) this.#timer = setTimeout(() => this.#fail(refusal.LATE), deadlineMs);
    socket.on('data', this.#received);
    socket.on('end', this.#gone);
    socket.on('error', this.#gone);
    socket.on('close', this.#gone);
  }

  #received = (bytes: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    const result = readProxyHeader(this.#bytes, this.#limit);
    if (result === undefined) return;
    if (typeof result === 'number') this.#fail(result);
    else this.#done(result);
  };

  #done(header: ProxyHeader): void {
    if (!this.#end()) return;
    const socket = this.#socket;
    socket.pause();
    socket.off('data', this.#received);
    socket.off('end', this.#gone);
    socket.off('error', this.#gone);
    socket.off('close', this.#gone);
    const rest = this.#bytes.subarray(header.consumed);
    if (rest.length > 0) socket.unshift(rest);
    this.#outcome.done(header);
  }

  #gone = (): void => this.#fail(this.#bytes.length > 0 ? refusal.CUT_SHORT : undefined);

  #fail(reason: number | undefined): void {
    if (!this.#end()) return;
    this.#socket.destroy();
    this.#outcome.failed(reason);
  }

  /** False when it was over already. */
  #end(): boolean {
    clearTimeout(this.#timer);
    const isFirst = !this.#isOver;
    this.#isOver = true;
    return isFirst;
  }
}

/** One list for each family: an IPv4 address is in no IPv6 network. */
function listNetworks(networks: readonly string[]): ReadonlyMap<number, BlockList> {
  const lists = new Map([4, 6].map((family) => [family, new BlockList()] as const));
  for (const network of networks) {
    const [text = '', bits, ...more] = network.split('/');
    const size = isIP(text) === 4 ? 32 : 128;
    const isNetwork = isIP(text) !== 0 && more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits));
    const address = isNetwork ? canonicalAddress(text) : '';
    // What is written as IPv6 and means IPv4 has that many bits in front.
    const count = Number(bits ?? size) - (isIP(address) === isIP(text) ? 0 : 96);
    if (!isNetwork || count < 0 || Number(bits ?? size) > size) {
      throw new EngineError('bad-network', `Not an address or a network: '${network}'.`);
    }
    lists.get(isIP(address))?.addSubnet(address, count, familyName(address));
  }
  return lists;
}

function familyName(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6';
}
