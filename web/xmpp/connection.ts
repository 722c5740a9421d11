/** Keeps a session alive: logs in, notices when the connection is gone, comes back and goes on where it was. */
import { Backoff } from './backoff.js';
import { Failure } from './failure.js';
import { type Account, type Established, type LoginOutcome, login } from './login.js';
import { ns } from './namespaces.js';
import type { Surroundings } from './sasl.js';
import { type ParseXml, type SocketLike, XmppStream } from './stream.js';
import { isStanza } from './stream-management.js';
import { type Xml, xml } from './xml.js';

/** Silence after which the server is asked whether it is there. */
const QUIET_MS = 40_000;
/** How long it may take to answer. */
const PATIENCE_MS = 15_000;
/** From the socket to the session. */
const LOGIN_MS = 30_000;

export interface ConnectionOptions {
  readonly account: Account;
  readonly surroundings: Surroundings;
  readonly openSocket: () => SocketLike;
  readonly parse: ParseXml;
  readonly backoff?: Backoff;
  readonly listener: ConnectionListener;
}

export interface ConnectionListener {
  /** Logged in. Behind a resumption all is as it was; else a new session begins, and what was not acknowledged may be lost. */
  online(outcome: LoginOutcome): void;
  /** Comes back by itself. */
  offline(failure: Failure, nextTryMs: number): void;
  /** Does not come back: logging in again takes a person. */
  ended(failure: Failure): void;
  stanza(stanza: Xml): void;
  /** The server has taken these for good. */
  acknowledged(stanzas: readonly Xml[]): void;
}

/** Trying again would do the same. */
const FINAL = ['not-authorized', 'no-mechanism', 'account-disabled', 'credentials-expired', 'conflict', 'not-allowed'];

export class Connection {
  readonly #options: ConnectionOptions;
  readonly #backoff: Backoff;
  #stream: XmppStream | undefined;
  #session: Established | undefined;
  #isOnline = false;
  #isResting = false;
  #isOver = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  private constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#backoff = options.backoff ?? new Backoff(Math.random);
  }

  /** The first login. Rejects with the `Failure` when it does not work out. */
  static async begin(options: ConnectionOptions, isNew: boolean): Promise<Connection> {
    const connection = new Connection(options);
    await connection.#login(isNew);
    return connection;
  }

  get isOnline(): boolean {
    return this.#isOnline;
  }

  /** Without a connection a stanza waits for the resumption where there is one, and is lost with the session else. */
  send(stanza: Xml): void {
    const management = this.#session?.management;
    management?.sent(stanza);
    if (!this.#isOnline) return;
    this.#stream?.send(stanza);
    // Only what must not get lost is asked about at once.
    if (management && stanza.name === 'message') this.#stream?.send(xml('r', ns.SM));
  }

  /** The network is back, or somebody looks at the page: finds out now. */
  check(): void {
    if (this.#isOver) return;
    if (this.#isOnline) this.#askForLife();
    else if (this.#timer !== undefined) this.#again();
  }

  /** Nobody looks, or somebody does again. */
  rest(isResting: boolean): void {
    if (isResting === this.#isResting) return;
    this.#isResting = isResting;
    if (this.#isOnline) this.#tellRest();
  }

  /** For good. */
  close(): void {
    this.#isOver = true;
    this.#isOnline = false;
    clearTimeout(this.#timer);
    this.#stream?.close();
  }

  async #login(isNew: boolean): Promise<void> {
    const { openSocket, parse, account, surroundings, listener } = this.#options;
    const socket = openSocket();
    const timer = setTimeout(() => socket.close(), LOGIN_MS);
    try {
      const stream = await XmppStream.connect(socket, parse);
      const outcome = await login(stream, { account, surroundings, isNew, previous: this.#session });
      if (this.#isOver) return stream.close();
      this.#stream = stream;
      const { jid, management, canRest } = outcome;
      this.#session = { jid, management, canRest };
      this.#isOnline = true;
      if (this.#isResting) this.#tellRest();
      this.#backoff.reset();
      if (outcome.acknowledged.length > 0) listener.acknowledged(outcome.acknowledged);
      listener.online(outcome);
      stream.listen({ element: (one) => this.#element(one), ended: (failure) => this.#lost(failure) });
      this.#restartTimer();
    } catch (error) {
      socket.close();
      throw error;
    } finally {
      clearTimeout(timer);
    }
  }

  /** XEP-0352 section 4.2: every stream, also one that resumes, begins as active. */
  #tellRest(): void {
    if (this.#session?.canRest) this.#stream?.send(xml(this.#isResting ? 'inactive' : 'active', ns.CSI));
  }

  #element(element: Xml): void {
    this.#restartTimer();
    const management = this.#session?.management;
    if (isStanza(element)) {
      management?.received();
      this.#options.listener.stanza(element);
    } else if (element.is('r', ns.SM)) {
      if (management) this.#stream?.send(management.answer);
    } else if (element.is('a', ns.SM)) {
      const taken = management?.acknowledged(element.attrs['h']) ?? [];
      if (taken.length > 0) this.#options.listener.acknowledged(taken);
    }
  }

  #restartTimer(): void {
    clearTimeout(this.#timer);
    if (this.#isOnline) this.#timer = setTimeout(() => this.#askForLife(), QUIET_MS);
  }

  /** Any element in time is a sign of life. */
  #askForLife(): void {
    clearTimeout(this.#timer);
    if (this.#session?.management) this.#stream?.send(xml('r', ns.SM));
    else this.#stream?.send(xml('iq', ns.CLIENT, { type: 'get', id: 'alive' }, xml('ping', ns.PING)));
    this.#timer = setTimeout(() => this.#stream?.abort(new Failure('connection-lost')), PATIENCE_MS);
  }

  #lost(failure: Failure): void {
    this.#isOnline = false;
    clearTimeout(this.#timer);
    if (this.#isOver) return;
    if (FINAL.includes(failure.condition)) this.#giveUp(failure);
    else this.#later(failure);
  }

  #later(failure: Failure): void {
    const waitMs = this.#backoff.next();
    this.#timer = setTimeout(() => this.#again(), waitMs);
    this.#options.listener.offline(failure, waitMs);
  }

  #again(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#login(false).catch((error: unknown) => {
      if (this.#isOver) return;
      const failure = error instanceof Failure ? error : new Failure('not-authorized', String(error));
      if (FINAL.includes(failure.condition)) this.#giveUp(failure);
      else this.#later(failure);
    });
  }

  #giveUp(failure: Failure): void {
    this.#isOver = true;
    this.#options.listener.ended(failure);
  }
}
