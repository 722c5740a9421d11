/** An engine with everything it tells written down, and clients of bytes to talk to it. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { MessageChannel } from 'node:worker_threads';
import { eventKind, WORDS_PER_ENVELOPE, word } from '../../../src/engine/envelope.js';
import { type EngineOptions, type EnginePort, type ListenOptions, proceed } from '../../../src/engine/port.js';
import { childPatterns } from '../../../src/protocol/stanza-children.js';

export type CreateEngine = (options: EngineOptions) => Promise<EnginePort>;

export interface Told {
  readonly kind: number;
  readonly slot: number;
  readonly generation: number;
  readonly detail: number;
  readonly flags: number;
  readonly bytes: Buffer;
  readonly text: string;
  readonly words: Uint32Array;
  /** Number in its batch, and which batch that was. */
  readonly envelope: number;
  readonly batch: number;
}

/** What a test does from within the batch. */
export type Reaction = (told: Told, engine: EnginePort) => void;

export const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";

export const LIMITS = {
  maxStanzaBytes: 65_536,
  maxDepth: 64,
  maxAttributes: 32,
  maxTagBytes: 8192,
  maxChildren: 1000,
  maxBytesBeforeAuthentication: 0,
} as const;

export const LISTEN: ListenOptions = {
  address: '127.0.0.1',
  port: 0,
  ipv6Only: false,
  backlog: 128,
  reusePort: false,
  directTls: undefined,
  limits: LIMITS,
  maxOutputBytes: 1_000_000,
  maxOutputWrites: 0,
  maxDecompressedBytes: 65_536,
  authenticationDeadlineMs: 0,
  maxConnections: 0,
  proxy: undefined,
};

const WAIT_MS = 8000;

export class Shard {
  readonly told: Told[] = [];
  engine!: EnginePort;
  react: Reaction;
  #batch = 0;
  #taken = 0;
  #wake: (() => void)[] = [];

  private constructor(react: Reaction) {
    this.react = react;
  }

  static async start(create: CreateEngine, react: Reaction, options: Partial<EngineOptions> = {}): Promise<Shard> {
    const shard = new Shard(react);
    shard.engine = await create({
      shard: 0,
      shards: 1,
      group: `test-${process.hrtime.bigint()}`,
      children: childPatterns,
      onBatch: (count) => shard.#onBatch(count),
      ...options,
    });
    return shard;
  }

  /** The next event of this kind that was not taken yet; those before it are skipped. */
  async next(kind: number): Promise<Told> {
    const deadline = Date.now() + WAIT_MS;
    for (;;) {
      while (this.#taken < this.told.length) {
        const told = this.told[this.#taken++] as Told;
        if (told.kind === kind) return told;
      }
      await this.#change(deadline, `no event ${kind}; told: ${this.told.map((each) => each.kind).join(' ')}`);
    }
  }

  /** Waits until `holds`. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!holds()) await this.#change(deadline, `told: ${this.told.map((each) => each.kind).join(' ')}`);
  }

  kinds(): number[] {
    return this.told.map((told) => told.kind);
  }

  /** Listens with the usual options, and these. */
  async listen(options: Partial<ListenOptions> = {}): Promise<number> {
    return (await this.engine.listen({ ...LISTEN, ...options })).port;
  }

  #onBatch(count: number): void {
    const batch = this.#batch++;
    for (let envelope = 0; envelope < count; envelope++) {
      const told = this.#read(envelope, batch);
      this.told.push(told);
      this.react(told, this.engine);
    }
    const wake = this.#wake;
    this.#wake = [];
    for (const each of wake) each();
  }

  #read(envelope: number, batch: number): Told {
    const base = envelope * WORDS_PER_ENVELOPE;
    const words = this.engine.words.slice(base, base + WORDS_PER_ENVELOPE);
    const at = (field: number): number => words[field] as number;
    const bytes = Buffer.from(this.engine.arena.subarray(at(word.START), at(word.END)));
    return {
      kind: at(word.KIND) & 0xff,
      flags: at(word.KIND) & ~0xff,
      slot: at(word.SLOT),
      generation: at(word.GENERATION),
      detail: at(word.DETAIL),
      bytes,
      text: bytes.toString(),
      words,
      envelope,
      batch,
    };
  }

  async #change(deadline: number, otherwise: string): Promise<void> {
    const left = deadline - Date.now();
    if (left <= 0) throw new Error(`waited too long: ${otherwise}`);
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((resolve) => {
      this.#wake.push(resolve);
      // Also without events: what is waited for may be somewhere else.
      timer = setTimeout(resolve, Math.min(left, 20));
    });
    clearTimeout(timer);
  }
}

/** Two or more shards that know one another. */
export async function startShards(create: CreateEngine, count: number, react: Reaction): Promise<Shard[]> {
  const group = `test-${process.hrtime.bigint()}`;
  const shards: Shard[] = [];
  for (let shard = 0; shard < count; shard++) {
    shards.push(await Shard.start(create, react, { shard, shards: count, group }));
  }
  for (let one = 0; one < count; one++) {
    for (let other = one + 1; other < count; other++) {
      const { port1, port2 } = new MessageChannel();
      shards[one]?.engine.link(other, port1);
      shards[other]?.engine.link(one, port2);
    }
  }
  return shards;
}

/** Goes on after everything, one element at a time. */
export const step: Reaction = (told, engine) => {
  if (told.kind === eventKind.STREAM_OPENED || told.kind === eventKind.ELEMENT) {
    engine.proceed(told.slot, told.generation, proceed.STEP);
  }
};

/** Goes on after everything, many elements at a time. */
export const streaming: Reaction = (told, engine) => {
  if (told.kind === eventKind.STREAM_OPENED || told.kind === eventKind.ELEMENT) {
    engine.proceed(told.slot, told.generation, proceed.STREAM);
  }
};

export const resting: Reaction = () => {};

export class Client {
  socket: Socket;
  received = '';
  hasEnded = false;
  isClosed = false;
  error: NodeJS.ErrnoException | undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#listen();
  }

  static async connect(port: number, host = '127.0.0.1'): Promise<Client> {
    const socket = connect({ port, host, allowHalfOpen: true });
    socket.setNoDelay(true);
    const client = new Client(socket);
    await once(socket, 'connect');
    return client;
  }

  static async connectTls(port: number, options: ConnectionOptions = {}): Promise<Client> {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options });
    const client = new Client(socket);
    await once(socket, 'secureConnect');
    return client;
  }

  get tls(): TLSSocket {
    return this.socket as TLSSocket;
  }

  /** Begins a handshake on what was a plain connection. */
  async startTls(options: ConnectionOptions = {}): Promise<void> {
    this.socket.removeAllListeners('data');
    this.socket = connectTls({ socket: this.socket, rejectUnauthorized: false, ...options });
    this.#listen();
    await once(this.socket, 'secureConnect');
  }

  send(text: string | Uint8Array): void {
    this.socket.write(text);
  }

  async until(holds: () => boolean): Promise<void> {
    const deadline = Date.now() + WAIT_MS;
    while (!holds()) {
      if (Date.now() > deadline) throw new Error(`waited too long; received ${this.received.slice(0, 200)}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  async receives(text: string): Promise<void> {
    await this.until(() => this.received.includes(text));
  }

  destroy(): void {
    this.socket.destroy();
  }

  #listen(): void {
    const { socket } = this;
    socket.on('data', (bytes: Buffer) => {
      this.received += bytes.toString();
    });
    socket.on('end', () => {
      this.hasEnded = true;
    });
    socket.on('close', () => {
      this.isClosed = true;
    });
    socket.on('error', (error) => {
      this.error = error;
    });
  }
}

/** Long enough for anything that was about to happen. */
export function settle(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 60));
}
