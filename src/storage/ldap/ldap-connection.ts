/** One connection to an LDAP server, bound: sends requests and finds the answers that belong to them (RFC 4511). */
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import {
  AbandonRequest,
  BindRequest,
  MessageParser,
  SearchEntry,
  SearchReference,
  type SearchRequest,
  UnbindRequest,
} from 'ldapts';
import { refusedCertificate } from '../pool-tls.js';
import type { LdapServer } from './settings.js';

type Request = BindRequest | SearchRequest;

export interface LdapAnswer {
  /** Result code (RFC 4511 section 4.1.9). */
  readonly status: number;
  /** What the server has to say about it. */
  readonly text: string;
  readonly entries: readonly SearchEntry[];
}

type Response = Pick<SearchEntry, 'messageId' | 'status' | 'errorMessage'>;

interface Pending {
  readonly message: Request;
  readonly entries: SearchEntry[];
  resolve(answer: LdapAnswer): void;
  reject(error: Error): void;
}

export interface Credentials {
  readonly rootDn: string;
  readonly password: string;
}

const SUCCESS = 0;
const MAX_ID = 0x7fffffff;
const KEEPALIVE_MS = 60_000;
/** No entry is as large; what claims to be is no LDAP. */
const LARGEST_MESSAGE = 64 * 1024 * 1024;

export class LdapConnection {
  readonly #socket: Socket;
  readonly #parser = new MessageParser();
  readonly #pending = new Map<string, Pending>();
  #lastId = 0;
  #end: Error | undefined;
  #isRetired = false;
  /** Bytes that have come since the last message was whole. */
  #unread = 0;

  private constructor(socket: Socket) {
    this.#socket = socket;
    this.#parser.on('message', (message) => {
      this.#unread = 0;
      this.#answered(message);
    });
    // What cannot be understood may have been any answer.
    this.#parser.on('error', (error) => this.destroy(error));
    socket.on('data', (data: Buffer) => this.#read(data));
    socket.on('error', (error) => this.#ended(error));
    socket.on('close', () => this.#ended(new Error('the server has closed the connection')));
    socket.setKeepAlive(true, KEEPALIVE_MS);
    socket.setNoDelay(true);
  }

  /** Connects and binds. An aborted attempt leaves nothing behind. */
  static async open(server: LdapServer, { rootDn, password }: Credentials, stop: AbortSignal): Promise<LdapConnection> {
    const socket = await openSocket(server, stop);
    const connection = new LdapConnection(socket);
    const abort = () => connection.destroy(stop.reason as Error);
    stop.addEventListener('abort', abort);
    try {
      const bind = new BindRequest({ messageId: connection.#nextId(), dn: rootDn, password });
      const { status, text } = await connection.#send(bind);
      if (status !== SUCCESS) throw new Error(`the bind was refused: ${resultText(status, text)}`);
      return connection;
    } catch (error) {
      connection.destroy(error as Error);
      throw error;
    } finally {
      stop.removeEventListener('abort', abort);
    }
  }

  get isOpen(): boolean {
    return this.#end === undefined;
  }

  /** The answer, and what takes the question back; the answer then never comes. */
  search(request: SearchRequest): { answer: Promise<LdapAnswer>; abandon: () => void } {
    request.messageId = this.#nextId();
    const answer = this.#send(request);
    const abandon = () => {
      if (!this.#pending.delete(String(request.messageId))) return;
      this.#socket.write(new AbandonRequest({ messageId: this.#nextId(), abandonId: request.messageId }).write());
      this.#closeIfDone();
    };
    return { answer, abandon };
  }

  /** Closes it as soon as everybody has an answer or waits no longer. */
  retire(): void {
    this.#isRetired = true;
    this.#closeIfDone();
  }

  /** Takes leave; what is under way is lost. */
  close(): void {
    if (this.#end) return;
    this.#socket.end(new UnbindRequest({ messageId: this.#nextId() }).write());
    this.destroy(new Error('the connection was closed'));
  }

  destroy(error: Error): void {
    this.#ended(error);
    this.#socket.destroySoon();
  }

  #send(message: Request): Promise<LdapAnswer> {
    return new Promise((resolve, reject) => {
      if (this.#end) {
        reject(this.#end);
        return;
      }
      this.#pending.set(String(message.messageId), { message, entries: [], resolve, reject });
      this.#socket.write(message.write());
    });
  }

  #read(data: Buffer): void {
    this.#unread += data.length;
    try {
      if (this.#unread > LARGEST_MESSAGE) throw new Error('the server sends a message without an end');
      this.#parser.read(data, this.#pending);
    } catch (error) {
      this.destroy(error as Error);
    }
  }

  #answered(message: Response): void {
    const key = String(message.messageId);
    const pending = this.#pending.get(key);
    if (!pending) return;
    if (message instanceof SearchEntry) {
      pending.entries.push(message);
      return;
    }
    // Referrals are not followed.
    if (message instanceof SearchReference) return;
    this.#pending.delete(key);
    pending.resolve({ status: message.status, text: message.errorMessage, entries: pending.entries });
    this.#closeIfDone();
  }

  #closeIfDone(): void {
    if (this.#isRetired && this.#pending.size === 0) this.close();
  }

  #ended(error: Error): void {
    if (this.#end) return;
    this.#end = error;
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }

  /** Zero belongs to what the server says unasked (RFC 4511 section 4.4). */
  #nextId(): number {
    do {
      this.#lastId = this.#lastId === MAX_ID ? 1 : this.#lastId + 1;
    } while (this.#pending.has(String(this.#lastId)));
    return this.#lastId;
  }
}

function openSocket({ host, port, tls }: LdapServer, stop: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    stop.throwIfAborted();
    const socket = tls ? connectTls({ host, port, ...tls.options }) : connectTcp({ host, port });
    const abort = () => fail(stop.reason as Error);
    const settle = () => {
      stop.removeEventListener('abort', abort);
      socket.off('error', fail);
      // What goes wrong from here on is heard by whoever gets the socket.
      socket.on('error', () => {});
    };
    const fail = (error: Error) => {
      settle();
      socket.destroy();
      reject(error);
    };
    stop.addEventListener('abort', abort);
    socket.on('error', fail);
    socket.once(tls ? 'secureConnect' : 'connect', () => {
      const refused = tls?.mayBeSelfSigned ? refusedCertificate(socket as TLSSocket) : undefined;
      if (refused) {
        fail(new Error(`the certificate is refused: ${refused}`));
        return;
      }
      settle();
      resolve(socket);
    });
  });
}

/** The codes of RFC 4511 appendix A that tell an operator what to do; the others by their number. */
const RESULTS: Readonly<Record<number, string>> = {
  1: 'operationsError',
  2: 'protocolError',
  3: 'timeLimitExceeded',
  4: 'sizeLimitExceeded',
  8: 'strongerAuthRequired',
  10: 'referral',
  11: 'adminLimitExceeded',
  13: 'confidentialityRequired',
  18: 'inappropriateMatching',
  32: 'noSuchObject',
  34: 'invalidDNSyntax',
  48: 'inappropriateAuthentication',
  49: 'invalidCredentials',
  50: 'insufficientAccessRights',
  51: 'busy',
  52: 'unavailable',
  53: 'unwillingToPerform',
};

export function resultText(status: number, text: string): string {
  const name = RESULTS[status] ?? 'result code';
  return text === '' ? `${name} (${status})` : `${name} (${status}), ${text}`;
}
