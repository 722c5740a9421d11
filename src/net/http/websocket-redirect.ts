/** Sends whoever comes over WebSocket elsewhere (RFC 7395 section 3.6.1). */
import { randomBytes } from 'node:crypto';
import type { Cancel, Clock } from '../../platform/clock.js';
import { prepareDomain } from '../../protocol/jid.js';
import { framedEndElsewhere, framedHeader } from '../stream/stream-text.js';
import type { ServerWebSocket, WebSocketListener } from './handler.js';
import { closeCode } from './websocket-client.js';

export interface RedirectOptions {
  readonly uri: string;
  readonly domains: readonly string[];
  readonly defaultDomain: string;
  /** So long may a client take to say its first word; Infinity for any. */
  readonly timeoutMs: number;
  readonly clock: Clock;
}

const ID_BYTES = 16;
const TO = /^\s*<open\s[^>]*?\sto\s*=\s*(?:"([^"]*)"|'([^']*)')/;

export class RedirectedClient implements WebSocketListener {
  readonly #socket: ServerWebSocket;
  readonly #options: RedirectOptions;
  readonly #cancel: Cancel;

  constructor(socket: ServerWebSocket, options: RedirectOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#cancel = options.clock.after(options.timeoutMs, () => socket.close(closeCode.GOING_AWAY));
  }

  /** A stream has a beginning before it has an end (RFC 6120 section 4.9.1.2). */
  message(data: ArrayBuffer, isBinary: boolean): void {
    if (isBinary) return this.#socket.close(closeCode.BAD_DATA, 'XMPP is text');
    const [, ...quoted] = TO.exec(Buffer.from(data).toString()) ?? [];
    const asked = prepareDomain(quoted.find((text) => text !== undefined) ?? '');
    const { uri, domains, defaultDomain } = this.#options;
    const from = asked !== undefined && domains.includes(asked) ? asked : defaultDomain;
    const id = randomBytes(ID_BYTES).toString('hex');
    this.#socket.together(() => {
      this.#socket.send(framedHeader({ id, from, lang: 'en', contentNs: '' }));
      this.#socket.send(framedEndElsewhere(uri));
    });
    this.#socket.close(closeCode.NORMAL);
  }

  alive(): void {}

  drained(): void {}

  closed(): void {
    this.#cancel();
  }
}
