/** Finds ports that another program listens on already, before the shards share them among themselves. */
import { createServer } from 'node:net';

export interface Place {
  readonly address: string;
  /** 0: whichever is free. */
  readonly port: number;
}

/**
 * The shards of a server listen on the same ports by SO_REUSEPORT, and the system would let a second server of the same user join
 * them: each would get some of the clients. So each port is tried out alone first. Rejects with a sentence for the operator.
 */
export async function requireFreePorts(places: readonly Place[]): Promise<void> {
  for (const { address, port } of places) {
    if (port !== 0) await tryOut(address, port);
  }
}

function tryOut(address: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      reject(new Error(`Cannot listen on ${address} port ${port}: ${REASONS[error.code ?? ''] ?? error.message}.`));
    });
    server.listen({ host: address, port, exclusive: true }, () => server.close(() => resolve()));
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program listens there already',
  EADDRNOTAVAIL: 'this machine does not have that address',
  EACCES: 'this user may not listen on ports below 1024',
};
