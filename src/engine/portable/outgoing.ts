/** Sockets that lead to others: what a connection of our own begins with. */
import { connect, isIP, type Socket } from 'node:net';
import { type ConnectOptions, EngineError } from '../port.js';
import type { Policy } from './host.js';

/** Begins to connect. Throws for what cannot even be tried. */
export function outgoingSocket({ address, port, localAddress, preamble }: ConnectOptions): Socket {
  checkAddress('to', address);
  if (localAddress !== undefined) checkAddress('from', localAddress);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw new EngineError('EINVAL', `Cannot connect to port ${port}: they go from 1 to 65535.`);
  }
  const socket = connect({ host: address, port, localAddress, allowHalfOpen: true });
  if (preamble) socket.write(Uint8Array.from(preamble));
  return socket;
}

/** What a listener would set. */
export function outgoingPolicy({ deadlineMs, ...options }: ConnectOptions): Policy {
  return { ...options, authenticationDeadlineMs: deadlineMs };
}

function checkAddress(which: string, text: string): void {
  if (isIP(text.split('%')[0] ?? '') !== 0) return;
  throw new EngineError('EINVAL', `Cannot connect ${which} '${text}': not a numeric IPv4 or IPv6 address.`);
}
