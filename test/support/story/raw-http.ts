/** HTTP as bytes: sends anything in any pieces, and shows what comes back. */
import { connect as connectTcp, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { eventually } from './eventually.js';

export interface RawAnswer {
  readonly status: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: string;
}

export class RawHttp {
  readonly socket: Socket;
  received = Buffer.alloc(0);
  isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (data) => {
      this.received = Buffer.concat([this.received, data]);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
    });
  }

  /** `first` goes before everything else, TLS included. */
  static async connect(
    port: number,
    { tls, first, from }: { tls?: ConnectionOptions; first?: string | Uint8Array; from?: string } = {},
  ): Promise<RawHttp> {
    const plain = connectTcp({ port, host: '127.0.0.1', ...(from !== undefined && { localAddress: from }) });
    plain.setNoDelay(true);
    if (first !== undefined) plain.write(first);
    const socket = tls ? connectTls({ socket: plain, rejectUnauthorized: false, ...tls }) : plain;
    if (tls) plain.on('error', (error) => socket.destroy(error));
    // Whatever else goes wrong is told by the end.
    socket.on('error', () => {});
    await new Promise<void>((resolve, reject) => {
      socket.once(tls ? 'secureConnect' : 'connect', () => resolve());
      socket.once('error', reject);
    });
    return new RawHttp(socket);
  }

  send(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** The next answer, which is taken off what was received. */
  async answer(isHead = false): Promise<RawAnswer> {
    let found: RawAnswer | undefined;
    await eventually(() => {
      found = this.#take(isHead);
      if (!found && this.isClosed) throw new Error(`closed before an answer; received: ${this.received}`);
      return found !== undefined;
    });
    return found as RawAnswer;
  }

  async closed(): Promise<void> {
    await eventually(() => this.isClosed);
  }

  destroy(): void {
    this.socket.destroy();
  }

  #take(isHead: boolean): RawAnswer | undefined {
    const end = this.received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line = '', ...lines] = this.received.subarray(0, end).toString().split('\r\n');
    const pairs = lines.map((one) => one.split(/:\s*(.*)/s) as [string, string]);
    const fields = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
    const length = isHead ? 0 : Number(fields['content-length'] ?? 0);
    if (this.received.length < end + 4 + length) return undefined;
    const body = this.received.subarray(end + 4, end + 4 + length).toString();
    this.received = this.received.subarray(end + 4 + length);
    return { status: Number(line.split(' ')[1]), fields, body };
  }
}

/** One request on a connection of its own. */
export async function ask(
  port: number,
  request: string,
  options: Parameters<typeof RawHttp.connect>[1] = {},
): Promise<RawAnswer> {
  const client = await RawHttp.connect(port, options);
  try {
    client.send(request);
    return await client.answer(request.startsWith('HEAD'));
  } finally {
    client.destroy();
  }
}

export function get(path: string, fields = ''): string {
  return `GET ${path} HTTP/1.1\r\nHost: localhost\r\n${fields}\r\n`;
}
