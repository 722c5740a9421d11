/** A web server behind the server: tells what reached it, and answers in every way that a proxy has to cope with. */
import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcp } from 'node:net';

export interface Echo {
  readonly method: string;
  readonly url: string;
  /** Names and values in turn, as they came. */
  readonly fields: readonly string[];
  readonly length: number;
  readonly sha256: string;
}

export interface Upstream {
  readonly port: number;
  /** Requests that have come. */
  readonly asked: readonly string[];
  /** Requests whose connection ended before their answer. */
  readonly abandoned: readonly string[];
  stop(): Promise<void>;
}

export const LARGE = Buffer.alloc(6_000_000, 'meerkat ');

export async function startUpstream(): Promise<Upstream> {
  const asked: string[] = [];
  const abandoned: string[] = [];
  const server = createServer((incoming, answer) => {
    const path = incoming.url ?? '';
    asked.push(path);
    answer.on('close', () => {
      if (!answer.writableFinished) abandoned.push(path);
    });
    const act = Object.entries(acts).find(([name]) => path.split(/[/?]/).includes(name))?.[1] ?? echo;
    act(incoming, answer);
  });
  const port = await listening(server);
  return { port, asked, abandoned, stop: () => stopped(server) };
}

/** One that answers every connection with these bytes, and closes it. */
export async function startBabbler(text: string): Promise<Pick<Upstream, 'port' | 'stop'>> {
  const server = createTcp((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(text));
  });
  const port = await listening(server as unknown as Server);
  return { port, stop: () => new Promise((resolve) => void server.close(() => resolve())) };
}

type Act = (incoming: IncomingMessage, answer: ServerResponse) => void;

const acts: Readonly<Record<string, Act>> = {
  silent: () => {},
  stalls: (_, answer) => {
    answer.writeHead(200, { 'content-length': 100 });
    answer.write('so far');
  },
  breaks: (_, answer) => {
    answer.writeHead(200, { 'content-length': 100 });
    answer.write('so far', () => answer.destroy());
  },
  'breaks-chunks': (_, answer) => {
    answer.write('so far', () => answer.destroy());
  },
  large: (_, answer) => {
    answer.writeHead(200, { 'content-length': LARGE.length });
    answer.end(LARGE);
  },
  chunks: async (_, answer) => {
    for (let at = 0; at < LARGE.length; at += 100_000) {
      const isFlowing = answer.write(LARGE.subarray(at, at + 100_000));
      if (!isFlowing) await new Promise((resolve) => answer.once('drain', resolve));
    }
    answer.end();
  },
  cookies: (_, answer) => {
    answer.writeHead(200, { 'set-cookie': ['a=1; Path=/', 'b=2'], connection: 'x-private', 'x-private': '1' });
    answer.end('ok');
  },
  named: (_, answer) => {
    const name = Buffer.from('ä').toString('latin1');
    answer.writeHead(200, { 'x-utf8': `"${name}"`, 'x-latin1': '"\u00e4"' });
    answer.end();
  },
  empty: (_, answer) => {
    answer.writeHead(204, { 'x-shown': 'yes' });
    answer.end();
  },
  unchanged: (_, answer) => {
    answer.writeHead(304, { etag: '"1"' });
    answer.end();
  },
  refuses: (_, answer) => {
    answer.writeHead(403, { 'content-length': 11 });
    answer.end('not for you');
  },
  /** Asks the port that the query names, with all that it was told. */
  back: (incoming, answer) => {
    const port = Number(/port=(\d+)/.exec(incoming.url ?? '')?.[1]);
    request({ port, host: '127.0.0.1', path: '/app/again', headers: incoming.headers }, (came) => {
      answer.writeHead(came.statusCode ?? 0);
      came.pipe(answer);
    }).end();
  },
};

function echo(incoming: IncomingMessage, answer: ServerResponse): void {
  const hash = createHash('sha256');
  let length = 0;
  incoming.on('data', (chunk: Buffer) => {
    hash.update(chunk);
    length += chunk.length;
  });
  incoming.on('end', () => {
    const { method = '', url = '', rawHeaders: fields } = incoming;
    const told: Echo = { method, url, fields, length, sha256: hash.digest('hex') };
    const text = JSON.stringify(told);
    answer.writeHead(200, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) });
    answer.end(text);
  });
}

async function listening(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return (server.address() as AddressInfo).port;
}

function stopped(server: Server): Promise<void> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(() => resolve()));
}
