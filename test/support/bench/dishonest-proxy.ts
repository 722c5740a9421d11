/** Stands between clients and an honest server, and does one thing wrong on the way to a client. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

export type Fault = 'none' | 'drop' | 'double' | 'swap';

const END = '</message>';

export interface DishonestProxy {
  readonly port: number;
  /** Whether it has done what it was made for. */
  isGuilty(): boolean;
  close(): void;
}

/** The fault befalls message number `number` of all that go to clients; `swap` needs another one behind it on the same connection. */
export async function startDishonestProxy(serverPort: number, fault: Fault, number: number): Promise<DishonestProxy> {
  const sockets = new Set<Socket>();
  let messages = 0;
  let isGuilty = false;
  const server = createServer((client) => {
    const behind = connect(serverPort, '127.0.0.1');
    for (const socket of [client, behind]) sockets.add(socket.on('error', () => {}));
    client.pipe(behind);
    client.on('close', () => behind.destroy());
    behind.on('close', () => client.destroy());
    let rest = '';
    let held: string | undefined;
    const pass = (message: string) => {
      if (held !== undefined) {
        client.write(message + held, 'latin1');
        held = undefined;
        isGuilty = true;
      } else if (fault === 'none' || ++messages !== number) client.write(message, 'latin1');
      else if (fault === 'swap') held = message;
      else {
        if (fault === 'double') client.write(message + message, 'latin1');
        isGuilty = true;
      }
    };
    behind.on('data', (data) => {
      rest += data.toString('latin1');
      for (let end = rest.indexOf(END); end !== -1; end = rest.indexOf(END)) {
        const start = rest.lastIndexOf('<message', end);
        if (start > 0) client.write(rest.slice(0, start), 'latin1');
        pass(rest.slice(start, end + END.length));
        rest = rest.slice(end + END.length);
      }
      if (rest.includes('<message')) return;
      client.write(rest, 'latin1');
      rest = '';
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { port: portOf(server), isGuilty: () => isGuilty, close: () => closeAll(server, sockets) };
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function closeAll(server: Server, sockets: Iterable<Socket>): void {
  server.close();
  for (const socket of sockets) socket.destroy();
}
