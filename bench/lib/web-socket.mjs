/** A socket that carries elements in frames (RFC 6455), in the shape of one that carries a stream: each write is one message. */
import { EventEmitter, once } from 'node:events';

const HANDSHAKE = [
  'GET /ws-xmpp HTTP/1.1',
  'Host: localhost',
  'Upgrade: websocket',
  'Connection: Upgrade',
  'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
  'Sec-WebSocket-Version: 13',
  'Sec-WebSocket-Protocol: xmpp',
  '\r\n',
].join('\r\n');
const NOTHING = Buffer.alloc(0);
const TEXT = 0x81;
const CLOSE = 0x88;
/** A mask of zeros is a mask, and costs the client nothing. */
const MASKED = 0x80;

export async function upgraded(socket) {
  socket.write(HANDSHAKE);
  let answer = '';
  while (!answer.includes('\r\n\r\n')) answer += (await once(socket, 'data'))[0].toString('latin1');
  if (!answer.startsWith('HTTP/1.1 101 ')) throw new Error(`no WebSocket: ${answer}`);
  return new FramedSocket(socket);
}

class FramedSocket extends EventEmitter {
  isFramed = true;
  #socket;
  #rest = NOTHING;

  constructor(socket) {
    super();
    this.#socket = socket;
    socket.on('data', (data) => this.#read(data));
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

  cork() {
    this.#socket.cork();
  }

  uncork() {
    this.#socket.uncork();
  }

  /** ASCII, below 64 KiB. */
  write(text, _encoding, written) {
    const long = text.length > 125;
    const frame = Buffer.alloc((long ? 8 : 6) + text.length);
    frame[0] = TEXT;
    frame[1] = MASKED | (long ? 126 : text.length);
    if (long) frame.writeUInt16BE(text.length, 2);
    frame.latin1Write(text, long ? 8 : 6);
    return this.#socket.write(frame, written);
  }

  end() {
    this.write("<close xmlns='urn:ietf:params:xml:ns:xmpp-framing'/>");
    this.#socket.end();
  }

  destroy() {
    this.#socket.destroy();
  }

  #read(data) {
    const bytes = this.#rest.length === 0 ? data : Buffer.concat([this.#rest, data]);
    const payloads = [];
    let at = 0;
    while (at + 2 <= bytes.length) {
      let [start, length] = [at + 2, bytes[at + 1]];
      if (length === 126 && at + 4 <= bytes.length) [start, length] = [at + 4, bytes.readUInt16BE(at + 2)];
      else if (length >= 126) break;
      if (start + length > bytes.length) break;
      if (bytes[at] === TEXT) payloads.push(bytes.subarray(start, start + length));
      else if (bytes[at] === CLOSE) this.#socket.end();
      at = start + length;
    }
    this.#rest = bytes.subarray(at);
    if (payloads.length > 0) this.emit('data', payloads.length === 1 ? payloads[0] : Buffer.concat(payloads));
  }
}
