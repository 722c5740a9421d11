/** The life of one connection in steps: PROXY header, STARTTLS, authentication, compression, bind with its move, a stanza, the end. */
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { constants, createDeflate, createInflate } from 'node:zlib';
import { proxyV1 } from '../proxy-header.js';
import { HEADER } from './harness.js';

const WAIT_MS = 8000;
const PROXY = proxyV1('203.0.113.7', 40_000);
const MESSAGE = "<message id='1'><body>hello</body></message>";

/** A client that speaks through whatever has been put between it and the socket. */
export class WholeLife {
  readonly #raw: Socket;
  #in: NodeJS.ReadableStream;
  #send: (text: string) => void;
  #end: () => void;
  #text = '';
  isClosed = false;

  constructor(port: number) {
    this.#raw = connect({ port, host: '127.0.0.1' });
    this.#raw.on('error', () => {});
    this.#raw.on('close', () => {
      this.isClosed = true;
    });
    this.#in = this.#raw;
    this.#send = (text) => this.#raw.write(text);
    this.#end = () => this.#raw.end();
    this.#listen();
  }

  reset(): void {
    this.#raw.resetAndDestroy();
  }

  end(): void {
    this.#end();
  }

  /** Stops reading, or goes on. */
  hold(isHeld: boolean): void {
    if (isHeld) this.#raw.pause();
    else this.#raw.resume();
  }

  async live(steps: number): Promise<void> {
    for (const [, step] of STEPS.slice(0, steps)) await step(this);
  }

  async closed(): Promise<void> {
    await this.#until(() => this.isClosed, 'the end');
  }

  send(text: string): void {
    this.#send(text);
  }

  sendRaw(bytes: Uint8Array): void {
    this.#raw.write(bytes);
  }

  async receives(text: string): Promise<void> {
    await this.#until(() => this.#text.includes(text), text);
    this.#text = '';
  }

  async connected(): Promise<void> {
    await this.#until(() => !this.#raw.connecting, 'a connection');
  }

  async secure(): Promise<void> {
    this.#raw.removeAllListeners('data');
    const tls = connectTls({ socket: this.#raw, rejectUnauthorized: false });
    tls.on('error', () => {});
    tls.on('close', () => {
      this.isClosed = true;
    });
    let isSecure = false;
    tls.on('secureConnect', () => {
      isSecure = true;
    });
    this.#in = tls;
    this.#send = (text) => tls.write(text);
    this.#end = () => tls.end();
    this.#listen();
    await this.#until(() => isSecure, 'TLS');
  }

  compress(): void {
    const under = this.#send as (data: unknown) => void;
    const inflate = createInflate({ finishFlush: constants.Z_SYNC_FLUSH });
    const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
    inflate.on('error', () => {});
    this.#in.removeAllListeners('data');
    this.#in.on('data', (bytes: Buffer) => inflate.write(bytes));
    deflate.on('data', (bytes: Buffer) => under(bytes));
    this.#in = inflate;
    this.#send = (text) => deflate.write(text);
    this.#listen();
  }

  #listen(): void {
    this.#in.on('data', (bytes: Buffer) => {
      this.#text += bytes.toString();
    });
  }

  /** Until it holds, or until the connection has ended: then nothing more is to be expected. */
  async #until(holds: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!holds() && !this.isClosed) {
      if (Date.now() > deadline) throw new Error(`waited too long for ${what}; received ${this.#text.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }
}

/** Parts of a ClientHello: a peer may stop in the middle of it. */
const HALF_HELLO = Buffer.from('1603010200010001fc0303', 'hex');

/** Each step, and the point that it ends at. `Half` of something is followed by its rest in the next step. */
export const STEPS: readonly (readonly [name: string, step: (life: WholeLife) => unknown])[] = [
  ['connected', (life) => life.connected()],
  ['within the PROXY header', (life) => life.send(PROXY.slice(0, 12))],
  ['behind the PROXY header', (life) => life.send(PROXY.slice(12))],
  ['within the stream header', (life) => life.send(HEADER.slice(0, 40))],
  [
    'the stream is open',
    (life) => {
      life.send(HEADER.slice(40));
      return life.receives('<opened/>');
    },
  ],
  [
    'before the handshake',
    (life) => {
      life.send('<starttls/>');
      return life.receives('<proceed/>');
    },
  ],
  ['behind the handshake', (life) => life.secure()],
  [
    'authenticated',
    async (life) => {
      life.send(`${HEADER}<auth/>`);
      await life.receives('<success/>');
    },
  ],
  [
    'compressed',
    async (life) => {
      life.send(`${HEADER}<compress/>`);
      await life.receives('<compressed/>');
      life.compress();
    },
  ],
  ['within the request to bind', (life) => life.send(`${HEADER}<bi`)],
  ['while it moves', (life) => life.send("nd/><message id='0'")],
  ['bound', (life) => life.receives('<bound')],
  ['within a stanza', (life) => life.send('/><message')],
  [
    'behind a stanza',
    (life) => {
      life.send(MESSAGE.slice(8));
      return life.receives('hello');
    },
  ],
  ['while it closes', (life) => life.send('</stream:stream>')],
  ['closed', (life) => life.receives('</stream:stream>')],
];

/** How far the steps go before a handshake, for a peer that begins one and never ends it. */
export const BEFORE_HANDSHAKE = STEPS.findIndex(([name]) => name === 'before the handshake') + 1;
export const MOVED = STEPS.findIndex(([name]) => name === 'bound');

export async function beginHandshake(life: WholeLife): Promise<void> {
  await life.live(BEFORE_HANDSHAKE);
  life.sendRaw(HALF_HELLO);
}
