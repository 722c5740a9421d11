/** Carries a connection over a socket of this shard, in clear or under TLS. */
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { closeReason } from '../envelope.js';
import type { ChannelBindingType, TlsDetails, TlsVersion } from '../port.js';
import { channelBindingOf } from './channel-binding.js';
import { Compression } from './compression.js';
import type { ProxyHeader } from './proxy-header.js';
import type { AnyContext } from './tls-contexts.js';
import { type Addresses, type Transport, type TransportEvents, UNHEARD } from './transport.js';

const NOTHING = Buffer.alloc(0);
/** How long we read on behind our own end, so that unread input does not turn it into a reset (RFC 9293 section 3.6.1). */
const LINGER_MS = 2000;

export class SocketTransport implements Transport {
  events: TransportEvents = UNHEARD;
  addresses: Addresses;
  tls: TlsDetails | undefined;

  readonly framing = undefined;
  readonly #raw: Socket;
  #socket: Socket;
  #context: AnyContext | undefined;
  #compression: Compression | undefined;
  #isWanted = true;
  /** What must not leave before there is TLS. */
  #held: { bytes: Uint8Array; written: () => void }[] = [];
  #isConnecting: boolean;
  #isHandshaking = false;
  #isGone = false;
  #isFinishing = false;
  #lingerTimer: NodeJS.Timeout | undefined;
  readonly #over: (transport: SocketTransport) => void;
  #failure: number = closeReason.PEER;

  /** `over` is called once the socket is closed. With a `header`, the socket is at rest behind it. */
  constructor(socket: Socket, over: (transport: SocketTransport) => void, header?: ProxyHeader) {
    this.#raw = socket;
    this.#over = over;
    this.#socket = socket;
    this.addresses = addressesOf(socket, header);
    this.#isConnecting = socket.connecting;
    if (socket.connecting) socket.once('connect', this.#connected);
    socket.setNoDelay(true);
    socket.on('error', this.#failed);
    socket.on('close', this.#closed);
    this.#listen();
    if (header) socket.resume();
  }

  get unsentBytes(): number {
    return this.#held.reduce((sum, { bytes }) => sum + bytes.length, this.#socket.writableLength);
  }

  get isHandshaking(): boolean {
    return this.#isHandshaking;
  }

  channelBinding(type: ChannelBindingType): Uint8Array | undefined {
    const { tls } = this;
    return tls && this.#socket instanceof TLSSocket && !this.#isGone ? channelBindingOf(this.#socket, type) : undefined;
  }

  read(isWanted: boolean): void {
    if (isWanted === this.#isWanted) return;
    this.#isWanted = isWanted;
    if (this.#isHandshaking && this.#socket === this.#raw) return;
    this.#compression?.flow(isWanted);
    this.#flow();
  }

  write(bytes: Uint8Array, written: () => void): void {
    if (this.#isHandshaking && this.#socket === this.#raw) return void this.#held.push({ bytes, written });
    this.#socket.write(this.#compression?.compress(bytes) ?? bytes, () => written());
  }

  startTls(context: AnyContext, serverName: string): boolean {
    this.#context = context;
    this.#isHandshaking = true;
    const raw = this.#raw;
    raw.off('data', this.#received);
    raw.off('end', this.#ended);
    raw.off('finish', this.#finished);
    raw.pause();
    // What was written in clear leaves in clear.
    if (raw.writableLength === 0) this.#wrap(context, serverName);
    else raw.write(NOTHING, () => this.#wrap(context, serverName));
    return true;
  }

  get mayCompress(): boolean {
    return this.#compression === undefined;
  }

  startCompression(): void {
    this.#compression = new Compression({
      decompressed: (bytes, isBloated) => this.events.received(bytes, isBloated),
      taken: () => this.#flow(),
      finished: () => this.events.ended(),
      failed: (failure) => this.events.failed(failure),
    });
    this.#compression.flow(this.#isWanted);
  }

  finish(): void {
    this.#compression?.destroy();
    this.#isFinishing = true;
    this.#socket.end();
    this.#isWanted = true;
    this.#socket.resume();
  }

  destroy(): void {
    this.events = UNHEARD;
    this.#shut();
  }

  #listen(): void {
    const socket = this.#socket;
    socket.on('data', this.#received);
    socket.on('end', this.#ended);
    socket.on('finish', this.#finished);
    if (!this.#isWanted) socket.pause();
  }

  #flow(): void {
    if (this.#isFinishing || (this.#isWanted && !this.#compression?.isFull)) this.#socket.resume();
    else this.#socket.pause();
  }

  #wrap(context: AnyContext, serverName: string): void {
    if (this.#isGone) return;
    const socket = context.wrap(this.#raw, serverName);
    this.#socket = socket;
    socket.on(context.secureEvent, this.#secured);
    socket.on('error', this.#failed);
    // Until a tls.Server takes over, which here it never does, TLS errors come under this name.
    socket.on('_tlsError', this.#failed);
    socket.on('close', this.#closed);
    this.#listen();
    for (const { bytes, written } of this.#held.splice(0)) this.write(bytes, written);
  }

  #secured = (): void => {
    const socket = this.#socket as TLSSocket;
    const peer = this.#context?.judge(socket);
    if (!peer) return this.#leave(closeReason.TLS_FAILED);
    this.#isHandshaking = false;
    this.tls = {
      version: socket.getProtocol() as TlsVersion,
      cipher: socket.getCipher().name,
      serverName: (socket as TLSSocket & { servername?: string | false }).servername || undefined,
      peerCertificate: peer.certificate,
      verified: peer.verified,
      selfSigned: peer.selfSigned,
      verifyError: peer.error,
    };
    this.events.secured();
  };

  #connected = (): void => {
    this.#isConnecting = false;
    this.addresses = addressesOf(this.#raw, undefined);
    this.events.connected();
  };

  #received = (bytes: Buffer): void => {
    if (this.#isFinishing) return;
    if (!this.#compression) return this.events.received(bytes);
    this.#compression.read(bytes);
    this.#flow();
  };

  #ended = (): void => {
    if (!this.#isFinishing && this.#compression) this.#compression.end();
    else if (!this.#isFinishing) this.events.ended();
    else if (this.#lingerTimer) this.#shut();
  };

  #finished = (): void => {
    if (!this.#isFinishing) return;
    const { events } = this;
    this.events = UNHEARD;
    if (this.#socket.readableEnded) this.#shut();
    else this.#lingerTimer = setTimeout(() => this.#shut(), LINGER_MS);
    events.finished();
  };

  #failed = (error: Error & { code?: string }): void => {
    const isTls = this.#isHandshaking || /^ERR_(SSL|TLS)|SSL/.test(error.code ?? '');
    const unlessTls = this.#isConnecting ? closeReason.UNREACHABLE : closeReason.RESET;
    this.#failure = isTls && !this.#isConnecting ? closeReason.TLS_FAILED : unlessTls;
  };

  #closed = (): void => this.#leave(this.#failure);

  #leave(reason: number): void {
    const { events } = this;
    this.events = UNHEARD;
    this.#shut();
    events.gone(reason);
  }

  /** Idempotent. */
  #shut(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    clearTimeout(this.#lingerTimer);
    this.#compression?.destroy();
    this.#socket.destroy();
    this.#raw.destroy();
    this.#over(this);
  }
}

function addressesOf(socket: Socket, header: ProxyHeader | undefined): Addresses {
  const { remoteAddress: peerAddress = '', remotePort: peerPort = 0 } = socket;
  return {
    remoteAddress: header?.source?.address ?? peerAddress,
    remotePort: header?.source?.port ?? peerPort,
    localAddress: socket.localAddress ?? '',
    localPort: socket.localPort ?? 0,
    proxied: header?.facts && { peerAddress, peerPort, ...header.facts },
  };
}
