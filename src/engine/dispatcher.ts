/** Turns the engine's batches into calls: each event to the handler of its connection, stanzas with their addresses read. */
import type { Element } from '../protocol/element.js';
import { type Jid, JidCache } from '../protocol/jid.js';
import { type ArenaOrigin, LATER, Stanza, type StanzaName } from '../protocol/stanza.js';
import { attributeValue } from './attribute-value.js';
import { Carriers } from './carriers.js';
import { Connection, type ConnectionHandler, type StreamHeader } from './connection.js';
import {
  envelopeFlag,
  eventKind,
  stanzaKind,
  stanzaTypes,
  UNKNOWN_TYPE,
  WORDS_PER_ENVELOPE,
  word,
} from './envelope.js';
import type { ConnectOptions, EnginePort } from './port.js';

/** What does not belong to a known connection: new ones, and what other shards send. */
export interface ShardInbox {
  /** A connection was accepted; the answer listens to it. */
  connected(connection: Connection, listener: number): ConnectionHandler;
  /** A connection moved here from another shard with this state. */
  arrived(connection: Connection, state: Uint8Array): ConnectionHandler;
  routed(stanza: Stanza): void;
  called(message: Uint8Array, shard: number): void;
  /** So many connections were closed before they were told of, the last one of them from `address`; `reason` is a `refusal`. */
  refused(listener: number, reason: number, count: number, address: string): void;
  /** A handler threw: a bug, to be logged. */
  crashed(error: unknown): void;
}

const NAMES: readonly StanzaName[] = ['message', 'message', 'presence', 'iq'];
const JID_CACHE_SIZE = 65_536;
/** Numbers of addresses have this many places. */
const ADDRESS_PLACES = 65_536;

export class Dispatcher implements ArenaOrigin {
  /** Counts batches; a stanza of an earlier one no longer lies in the arena. */
  epoch = 0;
  #engine!: EnginePort;
  /** Connections whose sockets others own, seen from there. */
  carriers!: Carriers;
  readonly #inbox: ShardInbox;
  readonly #jids = new JidCache(JID_CACHE_SIZE);
  readonly #connections: (Connection | undefined)[] = [];
  /** By place: the last number seen there, and the JID that it stands for; `undefined` for a text that is none. */
  readonly #addressNumbers = new Uint32Array(ADDRESS_PLACES);
  readonly #addresses: (Jid | undefined)[] = [];

  constructor(inbox: ShardInbox) {
    this.#inbox = inbox;
  }

  /** Joins the engine, whose `onBatch` is our `dispatch`. */
  attach(engine: EnginePort): void {
    this.#engine = engine;
    this.carriers = new Carriers(engine);
  }

  /** Begins a connection of our own. Throws `EngineError` when it cannot even be tried. */
  connect(options: ConnectOptions, listen: (connection: Connection) => ConnectionHandler): Connection {
    const { slot, generation } = this.#engine.connect(options);
    const connection = new Connection(this.#engine, slot, generation, NOBODY);
    connection.handler = listen(connection);
    this.#connections[slot] = connection;
    return connection;
  }

  readonly dispatch = (count: number): void => {
    for (let envelope = 0; envelope < count; ) envelope += this.#event(envelope, count);
    this.epoch++;
  };

  tree(envelope: number): Element {
    return this.#engine.tree(envelope);
  }

  /** As `EnginePort.deliver` writes it: with its sender's `from` in the place of what the sender wrote (RFC 6120 section 8.1.2.1). */
  text(envelope: number): string | undefined {
    const { words, arena } = this.#engine;
    const base = envelope * WORDS_PER_ENVELOPE;
    const flags = words[base] as number;
    if ((flags & envelopeFlag.FOREIGN_SCOPE) !== 0) return undefined;
    const start = words[base + word.START] as number;
    const end = words[base + word.END] as number;
    // Its own shard has stamped it.
    if ((flags & 0xff) === eventKind.ROUTED) return arena.utf8Slice(start, end);
    const identity = this.#connections[words[base + word.SLOT] as number]?.identity;
    if ((flags & 0xff) !== eventKind.ELEMENT || !identity) return undefined;
    const nameEnd = start + ((words[base + word.HEAD] as number) & 0xffff);
    const head = `${arena.latin1Slice(start, nameEnd)} from='${identity.toXml()}'`;
    const cut = words[base + word.FROM_CUT] as number;
    if (cut === 0) return head + arena.utf8Slice(nameEnd, end);
    const cutStart = start + (cut >>> 16);
    return head + arena.utf8Slice(nameEnd, cutStart) + arena.utf8Slice(cutStart + (cut & 0xffff), end);
  }

  readonly parse = (xml: string): Element | undefined => this.#engine.parse(xml);

  /** Our record of a connection; `undefined` for one that is gone. */
  connection(slot: number): Connection | undefined {
    return this.#connections[slot];
  }

  get connections(): Connection[] {
    return this.#connections.filter((connection) => connection !== undefined);
  }

  /** A JID text as this shard knows it; repeated texts give the same object. */
  jid(text: string): Jid | undefined {
    return this.#jids.parse(text);
  }

  /** Returns how many envelopes it was about. */
  #event(envelope: number, count: number): number {
    const { words } = this.#engine;
    const base = envelope * WORDS_PER_ENVELOPE;
    if (((words[base] as number) & 0xff) >= eventKind.FRAME) return this.#carried(envelope, count);
    const slot = words[base + word.SLOT] as number;
    let connection = this.#connections[slot];
    try {
      switch ((words[base] as number) & 0xff) {
        case eventKind.ELEMENT:
          if (connection) this.#element(connection, envelope, base);
          break;
        case eventKind.ROUTED:
          this.#inbox.routed(this.#stanza(envelope, base, undefined) as Stanza);
          break;
        case eventKind.CALLED:
          this.#inbox.called(this.#payload(base), words[base + word.DETAIL] as number);
          break;
        case eventKind.REFUSED:
          this.#refused(base);
          break;
        case eventKind.CONNECTED:
        case eventKind.ARRIVED:
          if (connection) connection.handler.connected?.();
          else connection = this.#begin(base, slot);
          break;
        default:
          if (connection) this.#notice(connection, envelope, base);
      }
    } catch (error) {
      this.#inbox.crashed(error);
      // What is about no connection has no generation. One whose handler was just being made has one that listens to nothing.
      if (words[base + word.GENERATION] !== 0) this.#drop(connection ?? this.#connections[slot]);
    }
    return 1;
  }

  /** About a carrier, whose slot is none of a connection. */
  #carried(envelope: number, count: number): number {
    const length = this.carriers.rowLength(envelope, count);
    try {
      this.carriers.told(envelope, length);
    } catch (error) {
      this.#inbox.crashed(error);
    }
    return length;
  }

  /** Tells the peer that we have failed, or, where even that fails, cuts the connection. */
  #drop(connection: Connection | undefined): void {
    if (!connection) return;
    try {
      if (connection.handler === NOBODY) connection.abort();
      else connection.handler.crashed();
    } catch (error) {
      this.#inbox.crashed(error);
      connection.abort();
    }
  }

  #begin(base: number, slot: number): Connection {
    const { words } = this.#engine;
    const connection = new Connection(this.#engine, slot, words[base + word.GENERATION] as number, NOBODY);
    this.#connections[slot] = connection;
    connection.handler =
      ((words[base] as number) & 0xff) === eventKind.CONNECTED
        ? this.#inbox.connected(connection, words[base + word.DETAIL] as number)
        : this.#inbox.arrived(connection, this.#payload(base));
    return connection;
  }

  #refused(base: number): void {
    const { words, arena } = this.#engine;
    const detail = words[base + word.DETAIL] as number;
    const address = arena.latin1Slice(words[base + word.START], words[base + word.END]);
    this.#inbox.refused(detail >>> 8, detail & 0xff, words[base + word.COUNT] as number, address);
  }

  #element(connection: Connection, envelope: number, base: number): void {
    if (((this.#engine.words[base + word.STANZA] as number) & 0xff) === stanzaKind.NONZA) {
      connection.handler.nonza(this.#engine.tree(envelope));
    } else {
      const stanza = this.#stanza(envelope, base, connection.identity);
      if (stanza) connection.handler.stanza(stanza);
      else connection.handler.forgedSender();
    }
  }

  #notice(connection: Connection, envelope: number, base: number): void {
    const { words } = this.#engine;
    const { handler } = connection;
    const detail = words[base + word.DETAIL] as number;
    switch ((words[base] as number) & 0xff) {
      case eventKind.STREAM_OPENED:
        handler.streamOpened(streamHeader(this.#engine.tree(envelope)));
        break;
      case eventKind.STREAM_CLOSED:
        handler.streamClosed();
        break;
      case eventKind.STREAM_FAILED:
        handler.streamFailed(detail);
        break;
      case eventKind.SECURED:
        handler.secured();
        break;
      case eventKind.DRAINED:
        handler.drained();
        break;
      case eventKind.TIMED_OUT:
        handler.timedOut();
        break;
      case eventKind.CLOSED:
        this.#connections[connection.slot] = undefined;
        handler.closed(detail);
        break;
    }
  }

  /** Undefined when the sender claims to be somebody else than `identity` (RFC 6120 section 8.1.2.1). */
  #stanza(envelope: number, base: number, identity: Jid | undefined): Stanza | undefined {
    const { words } = this.#engine;
    const kind = words[base + word.STANZA] as number;
    const type = (kind >>> 8) & 0xff;
    const hasTo = words[base + word.TO] !== 0;
    const hasFrom = words[base + word.FROM] !== 0;
    const to = hasTo ? this.#address(base, word.TO, word.TO_NUMBER) : undefined;
    const claimed = hasFrom ? this.#address(base, word.FROM, word.FROM_NUMBER) : undefined;
    if (identity && hasFrom && !(claimed?.equals(identity) || claimed?.equals(identity.bare))) return undefined;
    return Stanza.fromArena(
      {
        name: NAMES[kind & 0xff] as StanzaName,
        type: type === UNKNOWN_TYPE ? 'unknown' : (stanzaTypes[type] as string),
        to,
        from: identity ?? claimed,
        // Of a message hardly anybody asks for it.
        id: (kind & 0xff) === stanzaKind.MESSAGE ? LATER : this.#text(base, word.ID),
        lang: this.#text(base, word.LANG),
        malformed: (hasTo && !to) || (hasFrom && !claimed),
      },
      this,
      envelope,
      words[base + word.CHILDREN_LOW] as number,
      words[base + word.CHILDREN_HIGH] as number,
    );
  }

  #payload(base: number): Uint8Array {
    const { words, arena } = this.#engine;
    return Uint8Array.prototype.slice.call(arena, words[base + word.START], words[base + word.END]);
  }

  /** The JID in an attribute; `undefined` when the text is none. One seen lately costs neither a string nor a look-up. */
  #address(base: number, field: number, numberField: number): Jid | undefined {
    const number = this.#engine.words[base + numberField] as number;
    const place = number & (ADDRESS_PLACES - 1);
    if (number !== 0 && this.#addressNumbers[place] === number) return this.#addresses[place];
    const jid = this.#jids.parse(this.#text(base, field) ?? '');
    if (number === 0) return jid;
    this.#addressNumbers[place] = number;
    this.#addresses[place] = jid;
    return jid;
  }

  /** The text of an attribute, or `undefined` when it is absent. */
  #text(base: number, field: number): string | undefined {
    const { words, arena } = this.#engine;
    const span = words[base + field] as number;
    if (span === 0) return undefined;
    const start = (words[base + word.START] as number) + (span >>> 16);
    const end = start + (span & 0xffff);
    const flags = words[base] as number;
    const text = (flags & envelopeFlag.NON_ASCII) === 0 ? arena.latin1Slice(start, end) : arena.utf8Slice(start, end);
    return (flags & envelopeFlag.ESCAPED) === 0 ? text : attributeValue(text);
  }
}

/** Listens until the real handler is known, which is before any event. */
const NOBODY: ConnectionHandler = {
  streamOpened() {},
  stanza() {},
  nonza() {},
  forgedSender() {},
  shutDown() {},
  crashed() {},
  streamClosed() {},
  streamFailed() {},
  secured() {},
  drained() {},
  timedOut() {},
  closed() {},
};

function streamHeader(element: Element): StreamHeader {
  const { to, from, version, 'xml:lang': lang, xmlns: contentNs = '' } = element.attrs;
  return { contentNs, to, from, version, lang };
}
