/** A bad network: connections to a port go through here, and break when a test says so. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Relay {
  readonly port: number;
  /** How many have come. */
  readonly connections: number;
  /** Breaks all that are there. */
  cut(): void;
  close(): void;
}

export async function relayTo(target: number): Promise<Relay> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const join = (socket: Socket, other: Socket) => {
    sockets.add(socket);
    socket.pipe(other);
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((socket) => {
    connections++;
    const other = connect(target, '127.0.0.1');
    join(socket, other);
    join(other, socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    get connections() {
      return connections;
    },
    cut,
    close() {
      server.close();
      cut();
    },
  };
}
