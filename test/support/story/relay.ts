/** A bad network: connections to a port go through here, and break when a test says so. */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface Relay {
  readonly port: number;
  /** How many have come. */
  readonly connections: number;
  /** Breaks all that are there. */
  cut(): void;
  close(): void;
}

/** From this text on, once, all that the server sends is kept back for so long, and comes in one piece. */
export interface Joining {
  readonly text: string;
  readonly forMs: number;
}

export async function relayTo(target: number, joining?: Joining): Promise<Relay> {
  const sockets = new Set<Socket>();
  let connections = 0;
  const join = (socket: Socket, other: Socket) => {
    sockets.add(socket);
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
    socket.pipe(other);
    if (joining) other.pipe(joinedFrom(joining)).pipe(socket);
    else other.pipe(socket);
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

function joinedFrom({ text, forMs }: Joining): Transform {
  let kept: Buffer[] | undefined;
  let isDone = false;
  const giveOn = (stream: Transform) => {
    if (kept) stream.push(Buffer.concat(kept));
    kept = undefined;
  };
  return new Transform({
    transform(chunk: Buffer, _, done) {
      if (kept) kept.push(chunk);
      else if (isDone || !chunk.includes(text)) this.push(chunk);
      else {
        kept = [chunk];
        isDone = true;
        setTimeout(() => giveOn(this), forMs);
      }
      done();
    },
    flush(done) {
      giveOn(this);
      done();
    },
  });
}
