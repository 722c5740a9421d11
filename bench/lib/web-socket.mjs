/** A client's end of a WebSocket (RFC 6455), in the shape of a socket: each write is one text frame, each `data` one message. */
import { randomBytes } from 'node:crypto';
import { EventEmitter, once } from 'node:events';

const NOTHING = Buffer.alloc(0);
const FINAL = 0x80;
const OPCODE = 0x0f;
const opcode = { CONTINUATION: 0, TEXT: 1, CLOSE: 8, PING: 9, PONG: 10 };
/** A mask of zeros is a mask, and costs the client nothing. */
const MASKED = 0x80;
const MASK_BYTES = 4;
/** Lengths above it are written in two bytes, or in eight. */
const SHORT = 125;
const TWO_BYTES = 126;
const EIGHT_BYTES = 127;
const MOST_IN_TWO_BYTES = 0xffff;

/** Asks the server for a WebSocket on a socket that stands. */
export async function upgraded(socket, { host = 'localhost', path = '/ws-xmpp' } = {}) {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host}`,
    'Upgrade: websocket',
    'Connection: Upgrade',
    `Sec-WebSocket-Key: ${randomBytes(16).toString('base64')}`,
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Protocol: xmpp',
  ];
  socket.write(`${lines.join('\r\n')}\r\n\r\n`);
  let answer = '';
  while (!answer.includes('\r\n\r\n')) {
    const [data] = await Promise.race([once(socket, 'data'), once(socket, 'close').then(() => [undefined])]);
    if (data === undefined) throw new Error('no WebSocket: the connection ended');
    answer += data.toString('latin1');
  }
  if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket: ${answer.split('\r\n')[0]}`);
  return new FramedSocket(socket);
}

class FramedSocket extends EventEmitter {
  isFramed = true;
  #socket;
  #rest = NOTHING;
  /** Of a message that comes in several frames. */
  #pieces = [];

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('data', (data) => this.#read(data));
    socket.on('drain', () => this.emit('drain'));
    socket.on('close', () => this.emit('close'));
    socket.on('error', (error) => this.emit('error', error));
  }

  pause() {
    this.#socket.pause();
    return this;
  }

  resume() {
    this.#socket.resume();
    return this;
  }

  write(text) {
    return this.#socket.write(frameOf(opcode.TEXT, text));
  }

  end() {
    this.#socket.end(frameOf(opcode.CLOSE, ''));
  }

  destroy() {
    this.#socket.destroy();
  }

  #read(data) {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    let at = 0;
    for (let span = spanOf(bytes, at); span && span.end <= bytes.length; span = spanOf(bytes, at)) {
      const first = bytes[at];
      at = span.end;
      this.#frame(first, bytes.subarray(span.start, span.end));
    }
    this.#rest = bytes.subarray(at);
  }

  #frame(first, payload) {
    const kind = first & OPCODE;
    if (kind === opcode.CLOSE) this.#socket.end();
    else if (kind === opcode.PING) this.#socket.write(frameOf(opcode.PONG, payload));
    else if (kind === opcode.TEXT || kind === opcode.CONTINUATION) {
      if ((first & FINAL) !== 0 && this.#pieces.length === 0) return void this.emit('data', payload);
      this.#pieces.push(Buffer.from(payload));
      if ((first & FINAL) !== 0) this.emit('data', Buffer.concat(this.#pieces.splice(0)));
    }
  }
}

/** Where the payload of a frame lies; `undefined` while that is not known. Servers mask nothing (section 5.1). */
function spanOf(bytes, at) {
  if (at + 2 > bytes.length) return undefined;
  const length = bytes[at + 1];
  if (length <= SHORT) return { start: at + 2, end: at + 2 + length };
  const start = at + (length === TWO_BYTES ? 4 : 10);
  if (start > bytes.length) return undefined;
  const size = length === TWO_BYTES ? bytes.readUInt16BE(at + 2) : Number(bytes.readBigUInt64BE(at + 2));
  return { start, end: start + size };
}

/** `payload` is text, or bytes that go back as they came. */
function frameOf(kind, payload) {
  const length = Buffer.byteLength(payload);
  const lengthBytes = length <= SHORT ? 0 : length <= MOST_IN_TWO_BYTES ? 2 : 8;
  const start = 2 + lengthBytes + MASK_BYTES;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL | kind;
  frame[1] = MASKED | (lengthBytes === 0 ? length : lengthBytes === 2 ? TWO_BYTES : EIGHT_BYTES);
  if (lengthBytes === 2) frame.writeUInt16BE(length, 2);
  if (lengthBytes === 8) frame.writeBigUInt64BE(BigInt(length), 2);
  frame.fill(0, start - MASK_BYTES, start);
  if (typeof payload === 'string') frame.write(payload, start);
  else payload.copy(frame, start);
  return frame;
}
