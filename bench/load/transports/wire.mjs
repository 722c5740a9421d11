/** The engine of one thread in the role of a client: carries every link over TCP, with or without TLS. */
import { randomUUID } from 'node:crypto';
import { compiled } from '../../lib/places.mjs';
import { ArenaView } from './arena-view.mjs';
import { Link, LinkError } from './link.mjs';

const { chooseEngine, createEngine } = await import(compiled('engine/create-engine.js'));
const { eventKind, closeReason, streamFailure, WORDS_PER_ENVELOPE, word } = await import(
  compiled('engine/envelope.js')
);
const { proceed } = await import(compiled('engine/port.js'));

/** What a server may send; it is not the one to be limited here. */
const LIMITS = {
  maxStanzaBytes: 2 ** 26,
  maxDepth: 200,
  maxAttributes: 200,
  maxTagBytes: 65_535,
  maxChildren: 1_000_000,
  maxBytesBeforeAuthentication: 0,
};
const MOST_QUEUED = 8 * 2 ** 20;
const reasonOf = (table, number) =>
  (Object.keys(table).find((name) => table[name] === number) ?? 'unknown').toLowerCase().replaceAll('_', ' ');

export class Wire {
  #engine;
  #view;
  #links = [];
  #context;

  /** The native engine where it runs, which costs a fraction of the portable one. */
  static async open() {
    const wire = new Wire();
    const { kind } = chooseEngine('auto');
    const options = { shard: 0, shards: 1, group: `bench-${randomUUID()}`, children: [] };
    wire.#engine = await createEngine(kind, { ...options, onBatch: (count) => wire.#dispatch(count) });
    wire.#view = new ArenaView(wire.#engine);
    wire.kind = kind;
    return wire;
  }

  /** `tls` from the first byte; `preamble` in front of it. Answers once the connection stands. */
  connect({ address, port, localAddress, tls, serverName, preamble, header, patienceMs }) {
    const directTls = tls ? { context: this.#tlsContext(), serverName } : undefined;
    const { slot, generation } = this.#engine.connect({
      ...{ address, port, localAddress, directTls, preamble, limits: LIMITS },
      ...{ maxOutputBytes: MOST_QUEUED, maxOutputWrites: 0, maxDecompressedBytes: 65_536, deadlineMs: patienceMs },
    });
    const options = { serverName, header, patienceMs, isTls: tls, place: `${address} port ${port}` };
    const link = new EngineLink(this, this.#engine, slot, generation, options);
    this.#links[slot] = link;
    return link.stands();
  }

  tlsContext() {
    return this.#tlsContext();
  }

  stop() {
    this.#engine.stop();
  }

  /** The certificate of a server under test is hardly ever one that this machine knows. */
  #tlsContext() {
    this.#context ??= this.#engine.createTlsClientContext({
      ...{ identity: undefined, versions: ['TLSv1.2', 'TLSv1.3'], ciphers: undefined, cipherSuites: undefined },
      ...{ ca: undefined, crls: [], verify: 'none', alpn: ['xmpp-client'] },
    });
    return this.#context;
  }

  #dispatch(count) {
    const { words } = this.#engine;
    for (let envelope = 0; envelope < count; envelope++) {
      const base = envelope * WORDS_PER_ENVELOPE;
      const link = this.#links[words[base + word.SLOT]];
      const kind = words[base] & 0xff;
      if (!link || link.generation !== words[base + word.GENERATION]) continue;
      if (kind === eventKind.ELEMENT) link.came(this.#view.at(base));
      else this.#notice(link, kind, words[base + word.DETAIL]);
    }
  }

  #notice(link, kind, detail) {
    if (kind === eventKind.CONNECTED) link.connected();
    else if (kind === eventKind.SECURED) link.secured();
    else if (kind === eventKind.STREAM_OPENED) link.streamOpened();
    else if (kind === eventKind.DRAINED) link.onDrained?.();
    else if (kind === eventKind.STREAM_CLOSED) link.streamClosed();
    else if (kind === eventKind.STREAM_FAILED) link.fail(`what the server sent is ${reasonOf(streamFailure, detail)}`);
    else if (kind === eventKind.TIMED_OUT) link.fail('no answer in time');
    else if (kind === eventKind.CLOSED) {
      this.#links[link.slot] = undefined;
      link.ended(`the connection ended: ${reasonOf(closeReason, detail)}`);
    }
  }
}

class EngineLink extends Link {
  #wire;
  #engine;
  #options;
  #standing;
  #securing;
  #isHeld = false;

  constructor(wire, engine, slot, generation, options) {
    super(options.patienceMs);
    this.#wire = wire;
    this.#engine = engine;
    this.#options = options;
    this.slot = slot;
    this.generation = generation;
  }

  /** With TLS from the first byte, once that stands. */
  stands() {
    return new Promise((resolve, reject) => {
      this.#standing = { resolve, reject };
    });
  }

  connected() {
    if (!this.#options.isTls) this.#stand();
  }

  secured() {
    if (this.#securing) this.#securing.resolve();
    else this.#stand();
  }

  #stand() {
    this.#engine.authenticated(this.slot, this.generation);
    this.#standing?.resolve(this);
    this.#standing = undefined;
  }

  /** Sends the header of a stream. */
  openStream() {
    this.send(this.#options.header);
  }

  streamOpened() {
    this.#engine.proceed(this.slot, this.generation, proceed.STEP);
  }

  read() {
    this.#step(proceed.STEP);
    return super.read();
  }

  /** Behind what changes the stream, such as a login: the next stream begins. */
  restart() {
    this.#step(proceed.RESTART);
    this.openStream();
  }

  /** Behind the server's consent. */
  async startTls() {
    const { slot, generation } = this;
    if (!this.#engine.startTls(slot, generation, this.#wire.tlsContext(), this.#options.serverName))
      throw new LinkError('the server sent cleartext behind its consent to TLS');
    this.#isHeld = false;
    await new Promise((resolve, reject) => {
      this.#securing = { resolve, reject };
    });
    this.#securing = undefined;
    this.openStream();
  }

  flow(listener) {
    super.flow(listener);
    this.#step(proceed.STREAM);
  }

  came(view) {
    if (this.isFlowing) return this.show(view);
    this.#isHeld = true;
    this.arrive(view.text);
  }

  send(xml) {
    return this.#engine.send(this.slot, this.generation, xml);
  }

  /** Ends the stream, and the connection. */
  close() {
    this.isOpen = false;
    this.send('</stream:stream>');
    this.#engine.close(this.slot, this.generation);
    return this.gone();
  }

  /** As when a network breaks: nothing more is said. */
  abort() {
    this.isOpen = false;
    this.#engine.abort(this.slot, this.generation);
    return this.gone();
  }

  gone() {
    return this.end === undefined ? new Promise((resolve) => (this.onEnd = resolve)) : Promise.resolve();
  }

  streamClosed() {
    this.#engine.close(this.slot, this.generation);
    this.ended('the server closed the stream');
  }

  fail(reason) {
    this.#engine.abort(this.slot, this.generation);
    this.ended(reason);
  }

  ended(reason) {
    const error = new LinkError(reason);
    this.#standing?.reject(new LinkError(`cannot connect to ${this.#options.place}: ${reason}`));
    this.#securing?.reject(error);
    super.ended(reason);
  }

  /** An element before `flow` holds what is behind it until it is known how that is to be read. */
  #step(how) {
    if (!this.#isHeld) return;
    this.#isHeld = false;
    this.#engine.proceed(this.slot, this.generation, how);
  }
}
