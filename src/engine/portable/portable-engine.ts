/** The engine over node:net and node:tls, for where no addon can be built, and as the oracle for the native one. */
import type { Socket } from 'node:net';
import type { MessagePort } from 'node:worker_threads';
import type { Element } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { eventKind } from '../envelope.js';
import { frameHeader } from '../frame-header.js';
import {
  type CarrierFacts,
  type CarrierName,
  type ConnectionName,
  type ConnectOptions,
  type EngineCounters,
  EngineError,
  type EngineOptions,
  type EnginePort,
  type FrameListenOptions,
  type ListenOptions,
  type TlsClientOptions,
  type TlsOptions,
} from '../port.js';
import { Batch, type Origin } from './batch.js';
import { Carriers } from './carriers.js';
import { Connection } from './connection.js';
import { ConnectionCalls, outgoing } from './connection-calls.js';
import { count } from './counters.js';
import { type Departure, factsOf, type TransportFacts } from './departure.js';
import { type Fragment, readFragment } from './fragment.js';
import type { Host } from './host.js';
import { Listeners } from './listeners.js';
import { Moves } from './moves.js';
import { outgoingPolicy, outgoingSocket } from './outgoing.js';
import { ProxyGate } from './proxy-gate.js';
import type { ProxyHeader } from './proxy-header.js';
import { Refusals } from './refusals.js';
import { say } from './relay.js';
import { SaxTokenizer } from './sax.js';
import { type Message, ShardLinks } from './shard-links.js';
import { Slots } from './slots.js';
import { SocketTransport } from './socket-transport.js';
import { stamped } from './stamped.js';
import { TicketKeys } from './ticket-keys.js';
import { TlsClientContext } from './tls-client-context.js';
import { TlsContext } from './tls-context.js';
import { TlsContexts } from './tls-contexts.js';
import { type Transport, UNHEARD } from './transport.js';
import { buildHeader, buildTree } from './tree.js';

export async function createPortableEngine(options: EngineOptions): Promise<EnginePort> {
  return new PortableEngine(options, await SaxTokenizer.create());
}

/** What is around a stanza that came from another shard. */
const CANONICAL: Origin = { scope: new Map([['', ns.CLIENT]]), sender: { stampText: undefined } };

class PortableEngine extends ConnectionCalls implements EnginePort, Host {
  readonly kind = 'portable';
  readonly canCompress = true;
  readonly batch: Batch;
  readonly patterns: EngineOptions['children'];
  readonly #options: EngineOptions;
  readonly #sax: SaxTokenizer;
  readonly #listeners: Listeners;
  readonly #carriers: Carriers;
  readonly #links: ShardLinks;
  readonly #moves: Moves;
  readonly #connections = new Slots<Connection>();
  readonly #contexts = new TlsContexts();
  /** Sockets that are not closed, those that linger and those of relays included. */
  readonly #sockets = new Set<SocketTransport>();
  readonly #gates: ProxyGate[] = [];
  readonly #refusals: Refusals;
  /** Messages of this shard to itself. */
  #own: Message[] = [];
  #ready = new Set<Connection>();
  /** Told their last in the running batch. */
  #over: Connection[] = [];
  #turn: NodeJS.Immediate | undefined;
  #isStopped = false;
  readonly #tickets = new TicketKeys();
  #accepted = 0;
  #bytesIn = 0;
  #bytesOut = 0;
  #decompressionsRefused = 0;

  constructor(options: EngineOptions, sax: SaxTokenizer) {
    super();
    this.#options = options;
    this.patterns = options.children;
    this.#sax = sax;
    this.batch = new Batch(options.onBatch, (slot, generation, bytes) => this.sent(slot, generation, bytes));
    this.#listeners = new Listeners(options.shard === 0);
    this.#links = new ShardLinks({
      told: (shard, message) => this.#told(shard, message),
      lost: (shard) => this.#moves.lost(shard),
      waiting: () => this.#schedule(),
    });
    this.#moves = new Moves(this.#links);
    this.#carriers = new Carriers(this.#listeners, () => this.#schedule());
    this.#refusals = new Refusals((listener, reason, count, address) => {
      const detail = (listener << 8) | reason;
      this.batch.add({ kind: eventKind.REFUSED, detail, count, bytes: Buffer.from(address) });
      this.#schedule();
    });
  }

  get words(): Uint32Array {
    return this.batch.words;
  }

  get arena(): Buffer {
    return this.batch.arena;
  }

  async listen(options: ListenOptions): Promise<{ listener: number; port: number }> {
    // Held by the listener, whoever drops it meanwhile.
    const directTls = options.directTls === undefined ? undefined : { context: this.#contexts.get(options.directTls) };
    const gate = options.proxy && new ProxyGate(options.proxy);
    if (gate) this.#gates.push(gate);
    const bound = await this.#listeners.listen(options, (socket, listener, closed) => {
      this.#accepted += 1;
      const admitted = (header?: ProxyHeader): void => {
        const transport = this.#accept(socket, listener, options, closed, header);
        if (directTls) transport.startTls(directTls.context, '');
      };
      if (!gate) return admitted();
      const refused = (reason: number, address: string) => this.#refusals.add(listener, reason, address);
      gate.enter(socket, { admitted, refused, closed });
    });
    if (directTls) this.#contexts.keep(bound.listener, directTls);
    return bound;
  }

  setDirectTls(listener: number, context: number): void {
    const next = this.#contexts.get(context);
    if (this.#listeners.has(listener)) this.#contexts.replace(listener, next);
  }

  unlisten(listener: number): void {
    this.#carriers.unlisten(listener);
    this.#contexts.forget(listener);
    this.#listeners.unlisten(listener);
  }

  listenFrames(options: FrameListenOptions): number {
    return this.#carriers.listen(options);
  }

  attach(listener: number, facts: CarrierFacts): CarrierName | undefined {
    const made = this.#isStopped ? undefined : this.#carriers.attach(listener, facts);
    if (!made) return undefined;
    this.#accepted += 1;
    this.#adopt(made.policy, made.transport).begin(listener, 0);
    return { slot: made.transport.slot, generation: made.transport.generation };
  }

  feed(slot: number, generation: number, bytes: Uint8Array | ArrayBuffer, isLast: boolean): boolean {
    // A copy: what HTTP servers give is gone when their handler returns.
    return this.#carriers.find(slot, generation)?.feed(new Uint8Array(bytes).slice(), isLast) ?? true;
  }

  sent(slot: number, generation: number, bytes: number): void {
    this.#carriers.find(slot, generation)?.sent(bytes);
  }

  detach(slot: number, generation: number, isOrderly: boolean): void {
    this.#carriers.detach(slot, generation, isOrderly);
  }

  connect(options: ConnectOptions): ConnectionName {
    const { directTls } = options;
    const context = directTls && this.#contexts.get(directTls.context);
    const transport = this.#carry(outgoingSocket(options), () => {});
    const connection = this.#adopt(outgoingPolicy(options), transport);
    connection.deadline(options.deadlineMs);
    if (context) transport.startTls(context, directTls.serverName);
    return { slot: connection.slot, generation: connection.generation };
  }

  createTlsClientContext(options: TlsClientOptions): number {
    return this.#contexts.add(new TlsClientContext(options));
  }

  createTlsContext(options: TlsOptions): number {
    return this.#contexts.add(new TlsContext(options, this.#tickets));
  }

  dropTlsContext(context: number): void {
    this.#contexts.drop(context);
  }

  setTicketKeys(current: Uint8Array, previous: Uint8Array | undefined): void {
    this.#tickets.set(current, previous);
  }

  deliver(slot: number, generation: number, envelope: number): boolean {
    const connection = this.find(slot, generation);
    const bytes = stamped(this.batch, envelope);
    if (!connection || !bytes) return false;
    connection.send(outgoing(connection, bytes));
    return connection.isOpen;
  }

  startTls(slot: number, generation: number, context: number, serverName: string): boolean {
    return this.find(slot, generation)?.startTls(this.#contexts.get(context), serverName) ?? false;
  }

  move(slot: number, generation: number, shard: number, state: Uint8Array): boolean {
    const connection = this.find(slot, generation);
    const isOwn = shard === this.#options.shard;
    if (!connection?.mayMove || !(isOwn || this.#links.isLinked(shard))) return false;
    const { transport } = connection;
    const departure = connection.depart(Uint8Array.from(state));
    transport.events = UNHEARD;
    if (isOwn) this.#tellSelf([say.MOVED, 0, departure, transport]);
    else this.#moves.send(shard, departure, factsOf(transport), transport);
    return true;
  }

  forward(shard: number, envelope: number): boolean {
    const bytes = stamped(this.batch, envelope);
    return bytes !== undefined && this.#say(shard, say.ROUTED, bytes);
  }

  route(shard: number, stanza: string | Uint8Array): boolean {
    return this.#say(shard, say.ROUTED, typeof stanza === 'string' ? Buffer.from(stanza) : Uint8Array.from(stanza));
  }

  call(shard: number, message: Uint8Array): boolean {
    return this.#say(shard, say.CALLED, Uint8Array.from(message));
  }

  show(): void {}

  link(shard: number, port: MessagePort): void {
    this.#links.link(shard, port);
  }

  tree(envelope: number): Element {
    const origin = this.batch.has(envelope) ? this.batch.origin(envelope) : undefined;
    if (!origin) throw new EngineError('no-element', `Envelope ${envelope} of the running batch holds no element.`);
    const isHeader = this.batch.kind(envelope) === eventKind.STREAM_OPENED;
    const bytes = this.batch.bytes(envelope);
    if (!isHeader || origin.isFramed) {
      const tree = buildTree(this.#sax, bytes, origin.scope);
      return isHeader ? frameHeader(tree) : tree;
    }
    return buildHeader(this.#sax, bytes, origin.scope);
  }

  parse(xml: string | Uint8Array): Element | undefined {
    const fragment = readFragment(typeof xml === 'string' ? Buffer.from(xml) : xml, this.patterns);
    return fragment && buildTree(this.#sax, fragment.bytes, CANONICAL.scope);
  }

  counters(): EngineCounters {
    const gone = { accepted: this.#accepted, bytesIn: this.#bytesIn, bytesOut: this.#bytesOut };
    return {
      ...count(gone, this.#connections.all, this.#gates, this.words.byteLength + this.arena.length),
      refused: this.#refusals.total,
      decompressionsRefused: this.#decompressionsRefused,
    };
  }

  stop(): void {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.batch.stop();
    clearImmediate(this.#turn);
    this.#listeners.stop();
    this.#refusals.stop();
    for (const gate of this.#gates) gate.stop();
    for (const connection of this.#connections.all) connection.drop();
    for (const socket of [...this.#sockets]) socket.destroy();
    this.#links.flush();
    this.#links.stop();
  }

  ready(connection: Connection): void {
    this.#ready.add(connection);
    this.#schedule();
  }

  now(): number {
    return performance.now();
  }

  decompressionRefused(): void {
    this.#decompressionsRefused += 1;
  }

  over(connection: Connection): void {
    this.#over.push(connection);
  }

  protected find(slot: number, generation: number): Connection | undefined {
    const connection = this.#isStopped ? undefined : this.#connections.find(slot, generation);
    return connection?.isGone ? undefined : connection;
  }

  #accept(
    socket: Socket,
    listener: number,
    options: ListenOptions,
    closed: () => void,
    header: ProxyHeader | undefined,
  ): SocketTransport {
    const transport = this.#carry(socket, closed, header);
    this.#adopt(options, transport).begin(listener, header?.consumed ?? 0);
    return transport;
  }

  #carry(socket: Socket, closed: () => void, header?: ProxyHeader): SocketTransport {
    const over = (gone: SocketTransport): void => {
      this.#sockets.delete(gone);
      closed();
    };
    const transport = new SocketTransport(socket, over, header);
    this.#sockets.add(transport);
    return transport;
  }

  #adopt(policy: ListenOptions | Departure['policy'], transport: Transport): Connection {
    const connection = this.#connections.take(
      (slot, generation) => new Connection(this, slot, generation, policy, transport),
    );
    transport.events = connection;
    return connection;
  }

  #say(shard: number, code: number, bytes: Uint8Array): boolean {
    if (this.#isStopped) return false;
    if (shard !== this.#options.shard) return this.#links.say(shard, [code, bytes], bytes.length);
    this.#tellSelf([code, bytes]);
    return true;
  }

  #tellSelf(message: Message): void {
    this.#own.push(message);
    this.#schedule();
  }

  #told(shard: number, message: Message): void {
    const [code, value] = message;
    if (code === say.ROUTED) this.#routed(value as Uint8Array);
    else if (code === say.CALLED) this.batch.add({ kind: eventKind.CALLED, detail: shard, bytes: value as Uint8Array });
    else if (code === say.MOVED) this.#moved(shard, message as [number, number, Departure, TransportFacts | Transport]);
    else this.#moves.told(shard, message);
    this.#schedule();
  }

  #routed(bytes: Uint8Array): void {
    const fragment: Fragment | undefined = readFragment(bytes, this.patterns);
    // Every sender has read it by these same rules.
    if (fragment) this.batch.add({ kind: eventKind.ROUTED, ...fragment, origin: CANONICAL });
  }

  #moved(shard: number, [, number, departure, rest]: [number, number, Departure, TransportFacts | Transport]): void {
    const transport = 'events' in rest ? rest : this.#moves.receive(shard, number, rest);
    this.#adopt(departure.policy, transport).arrive(departure, shard);
  }

  #schedule(): void {
    if (this.#isStopped) return;
    this.#turn ??= setImmediate(() => {
      this.#turn = undefined;
      this.#runTurn();
    });
  }

  #runTurn(): void {
    const own = this.#own;
    this.#own = [];
    for (const message of own) this.#told(this.#options.shard, message);
    const ready = this.#ready;
    this.#ready = new Set();
    try {
      this.#carriers.pump(this.batch);
      for (const connection of ready) connection.pump();
      this.batch.flush();
    } finally {
      // An exception of the handler's goes its way; what was queued must not wait for the next event because of it.
      if (!this.#isStopped) this.#finishTurn(ready);
    }
  }

  #finishTurn(ready: Set<Connection>): void {
    const over = this.#over;
    this.#over = [];
    for (const connection of over) {
      this.#bytesIn += connection.traffic.bytesIn;
      this.#bytesOut += connection.traffic.bytesOut;
      this.#connections.free(connection.slot);
    }
    for (const connection of ready) connection.flush();
    for (const connection of this.#ready) connection.flush();
    this.#links.flush();
    if (this.#ready.size > 0 || this.#own.length > 0) this.#schedule();
  }
}
