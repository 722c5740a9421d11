/** WebSocket as frames (RFC 6455): sends good ones and broken ones, and keeps what comes back. */
import { createHash, randomBytes } from 'node:crypto';
import type { Socket } from 'node:net';
import { constants, createInflateRaw, deflateRawSync, type Inflate } from 'node:zlib';
import { eventually } from './eventually.js';
import { RawHttp } from './raw-http.js';

export const opcode = { CONTINUATION: 0, TEXT: 1, BINARY: 2, CLOSE: 8, PING: 9, PONG: 10 } as const;

export interface Frame {
  readonly opcode: number;
  readonly payload: Uint8Array | string;
  /** Default true. */
  readonly isFinal?: boolean;
  /** The three bits behind FIN, RSV1 highest. */
  readonly reserved?: number;
  /** Default true, as every client has to. */
  readonly isMasked?: boolean;
  /** Says another length than the payload's. */
  readonly length?: number;
}

export interface RawWebSocketOptions {
  readonly path?: string;
  readonly host?: string;
  /** Default `xmpp`. */
  readonly protocol?: string;
  /** More lines of the request. */
  readonly fields?: string;
  /** Offers permessage-deflate with these parameters. */
  readonly deflate?: string;
  readonly http?: Parameters<typeof RawHttp.connect>[1];
}

export interface ReceivedFrame {
  readonly opcode: number;
  readonly payload: Buffer;
  readonly isCompressed: boolean;
}

export class RawWebSocket {
  readonly socket: Socket;
  /** The fields of the answer to the handshake. */
  readonly fields: Readonly<Record<string, string>>;
  readonly frames: ReceivedFrame[] = [];
  isClosed = false;
  /** Called with each text message. */
  onText: (text: string) => void = () => {};
  onClosed: () => void = () => {};
  #received: Buffer;
  #inflate: Inflate | undefined;
  #inflated: Promise<void> = Promise.resolve();

  constructor(http: RawHttp, fields: Readonly<Record<string, string>>) {
    this.socket = http.socket;
    this.fields = fields;
    this.#received = http.received;
    this.socket.removeAllListeners('data');
    this.socket.on('data', (data) => {
      this.#received = Buffer.concat([this.#received, data]);
      this.#read();
    });
    this.socket.on('end', () => this.socket.end());
    this.socket.on('close', () => this.#closed());
  }

  /** Throws with the server's answer when it refuses. */
  static async connect(port: number, options: RawWebSocketOptions = {}): Promise<RawWebSocket> {
    const http = await RawHttp.connect(port, options.http);
    const key = randomBytes(16).toString('base64');
    http.send(upgradeRequest(key, options));
    const answer = await http.answer();
    if (answer.status !== 101) {
      http.destroy();
      throw new Error(`no WebSocket: ${answer.status} ${answer.body}`);
    }
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    if (answer.fields['sec-websocket-accept'] !== accept) throw new Error('the handshake is answered with a wrong key');
    const socket = new RawWebSocket(http, answer.fields);
    // What came along with the answer is shown once somebody listens.
    setImmediate(() => socket.#begin());
    return socket;
  }

  get isCompressed(): boolean {
    return (this.fields['sec-websocket-extensions'] ?? '').includes('permessage-deflate');
  }

  send(...frames: readonly Frame[]): void {
    this.socket.write(Buffer.concat(frames.map(encoded)));
  }

  /** A byte at a time, each in a write of its own. */
  async trickle(...frames: readonly Frame[]): Promise<void> {
    for (const byte of Buffer.concat(frames.map(encoded))) {
      this.socket.write(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  /** One message, compressed where that was agreed upon. */
  text(text: string): void {
    if (!this.isCompressed) return this.send({ opcode: opcode.TEXT, payload: text });
    const payload = deflateRawSync(text, { finishFlush: constants.Z_SYNC_FLUSH }).subarray(0, -4);
    this.send({ opcode: opcode.TEXT, payload, reserved: 4 });
  }

  close(code = 1000): void {
    const payload = Buffer.alloc(2);
    payload.writeUInt16BE(code);
    this.send({ opcode: opcode.CLOSE, payload });
  }

  /** Waits for the server's last frame; undefined when there was none before the end of the connection. */
  async closeCode(): Promise<number | undefined> {
    const closing = () => this.frames.find((frame) => frame.opcode === opcode.CLOSE);
    await eventually(() => this.isClosed || closing() !== undefined);
    const frame = closing();
    return frame && (frame.payload.length < 2 ? 1005 : frame.payload.readUInt16BE());
  }

  async ended(): Promise<void> {
    await eventually(() => this.isClosed);
  }

  /** The next frame of this kind, which is taken off those received. */
  async next(kind: number): Promise<ReceivedFrame> {
    let index = -1;
    await eventually(() => {
      index = this.frames.findIndex((frame) => frame.opcode === kind);
      if (index < 0 && this.isClosed) throw new Error(`closed before a frame of kind ${kind}`);
      return index >= 0;
    });
    return this.frames.splice(index, 1)[0] as ReceivedFrame;
  }

  destroy(): void {
    this.socket.destroy();
  }

  #begin(): void {
    this.#read();
    if (this.socket.destroyed && !this.isClosed) this.#closed();
  }

  #closed(): void {
    this.isClosed = true;
    void this.#inflated.then(() => this.onClosed());
  }

  #read(): void {
    for (;;) {
      const [first, second] = this.#received;
      if (first === undefined || second === undefined) return;
      let length = second & 0x7f;
      let start = 2;
      if (length === 126) {
        if (this.#received.length < 4) return;
        length = this.#received.readUInt16BE(2);
        start = 4;
      } else if (length === 127) {
        if (this.#received.length < 10) return;
        length = Number(this.#received.readBigUInt64BE(2));
        start = 10;
      }
      if (this.#received.length < start + length) return;
      const payload = this.#received.subarray(start, start + length);
      this.#received = this.#received.subarray(start + length);
      this.#frame({ opcode: first & 0xf, payload, isCompressed: (first & 0x40) !== 0 });
    }
  }

  #frame(frame: ReceivedFrame): void {
    if (frame.opcode !== opcode.TEXT) this.frames.push(frame);
    else this.#inflated = this.#inflated.then(() => this.#text(frame));
  }

  async #text(frame: ReceivedFrame): Promise<void> {
    const payload = frame.isCompressed ? await this.#inflateMessage(frame.payload) : frame.payload;
    this.frames.push({ ...frame, payload });
    this.onText(payload.toString());
  }

  /** RFC 7692 section 7.2.2. */
  #inflateMessage(payload: Buffer): Promise<Buffer> {
    const params = this.fields['sec-websocket-extensions'] ?? '';
    if (params.includes('server_no_context_takeover')) this.#inflate = undefined;
    this.#inflate ??= createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH });
    const inflate = this.#inflate;
    return new Promise((resolve, reject) => {
      const parts: Buffer[] = [];
      const take = (part: Buffer) => void parts.push(part);
      inflate.on('data', take);
      inflate.once('error', reject);
      inflate.write(Buffer.concat([payload, Buffer.from([0, 0, 0xff, 0xff])]), () => {
        inflate.off('data', take);
        inflate.off('error', reject);
        resolve(Buffer.concat(parts));
      });
    });
  }
}

export function upgradeRequest(key: string, options: RawWebSocketOptions = {}): string {
  const { path = '/ws-xmpp', host = 'localhost', protocol = 'xmpp', fields = '', deflate } = options;
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${key}`,
    'Sec-WebSocket-Version: 13',
    ...(protocol === '' ? [] : [`Sec-WebSocket-Protocol: ${protocol}`]),
    ...(deflate === undefined ? [] : [`Sec-WebSocket-Extensions: permessage-deflate${deflate}`]),
  ];
  return `${lines.join('\r\n')}\r\n${fields}\r\n`;
}

function encoded(frame: Frame): Buffer {
  const { isFinal = true, reserved = 0, isMasked = true } = frame;
  const payload = Buffer.from(frame.payload as string);
  const length = frame.length ?? payload.length;
  const mask = randomBytes(4);
  const masked = isMasked ? Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] as number))) : payload;
  const first = (isFinal ? 0x80 : 0) | (reserved << 4) | frame.opcode;
  const flag = isMasked ? 0x80 : 0;
  let head: Buffer;
  if (length < 126) head = Buffer.from([first, flag | length]);
  else if (length < 65_536) {
    head = Buffer.from([first, flag | 126, 0, 0]);
    head.writeUInt16BE(length, 2);
  } else {
    head = Buffer.concat([Buffer.from([first, flag | 127]), Buffer.alloc(8)]);
    head.writeBigUInt64BE(BigInt(length), 2);
  }
  return Buffer.concat(isMasked ? [head, mask, masked] : [head, masked]);
}
