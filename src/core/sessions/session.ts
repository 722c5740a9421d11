/** A bound resource: who it is, whether it is available, and the link by which stanzas reach it. */
import type { StreamError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { RestingStanza } from '../../protocol/resting-stanza.js';
import { type Parse, Stanza } from '../../protocol/stanza.js';
import { TAKEN } from '../hooks/hook.js';
import type { Host } from '../hosts/host.js';
import type { Sharing } from '../routing/handed.js';
import { stanzaDelivering } from '../routing/hooks.js';
import type { Account } from './account.js';
import { SlotHolder } from './slot.js';

/** The way to the client, whatever its transport. */
export interface SessionLink {
  /** Sends a stanza on. One that is no longer in the arena is written from its tree. */
  deliver(stanza: Stanza): void;
  /** Ends the stream, with an error or without. `closed` follows when the connection is gone. */
  end(error?: StreamError): void;
  /** True once the connection is gone. */
  readonly isClosed: boolean;
  /** Where the client connects from: numeric address and port. */
  readonly address: { readonly ip: string; readonly port: number };
  readonly isSecure: boolean;
  /** What is delivered here and not taken by the client goes another way (`router.again`) when the session ends. */
  readonly isKeeping?: boolean;
  /** What was delivered last stands for a message that other sessions have as well. */
  shared?(stanza: Stanza, sharing: Sharing): void;
  /** What stanzas of the client are in that name no language (RFC 6120 section 4.7.4). */
  readonly lang?: string | undefined;
}

/** The link of one stream. A session may outlive it, and go on with another. */
export interface StreamLink extends SessionLink {
  /** True once our side of the stream has been ended. */
  readonly isEnding: boolean;
  /** Sends XML text that is no stanza of the session's own, or one that was written already. */
  write(xml: string): void;
  /** Ends the stream, but not its session. Resolves when the stanza that it is working on has been dealt with; later ones are not. */
  release(error: StreamError): Promise<void>;
  /** Makes this the stream of a session that had another one; `greeting` goes out first. */
  carry(session: Session, greeting: string): void;
}

export class Session extends SlotHolder {
  readonly jid: Jid;
  readonly host: Host;
  readonly account: Account;
  /** Replaced where somebody keeps what goes over it, or when the session goes on with another stream. */
  link: SessionLink;
  /** Milliseconds since 1970. */
  readonly openedAt: number;
  /** False while what the session needs is still being loaded: nothing is delivered yet. */
  isOpen = false;
  isClosed = false;
  /** Stanzas of the client that have been dealt with, this shard's part of it. */
  handled = 0;
  #presence: Stanza | RestingStanza | undefined;
  /** From -128 to 127 (RFC 6121 section 4.7.2.3). Means nothing without `presence`. */
  priority = 0;

  constructor(jid: Jid, host: Host, account: Account, link: SessionLink, openedAt: number) {
    super();
    this.jid = jid;
    this.host = host;
    this.account = account;
    this.link = link;
    this.openedAt = openedAt;
  }

  get isAvailable(): boolean {
    return this.#presence !== undefined;
  }

  /** The last available presence that was broadcast; `undefined` while the session is not available (RFC 6121 section 4.2). */
  get presence(): Stanza | undefined {
    return this.#presence instanceof RestingStanza ? this.#presence.stanza() : this.#presence;
  }

  set presence(presence: Stanza | undefined) {
    this.#presence = presence;
  }

  /** Keeps no more of the presence than its text: most sessions rest for hours with the one that they came with. */
  restPresence(parse: Parse): void {
    if (this.#presence instanceof Stanza) this.#presence = RestingStanza.of(this.#presence, parse);
  }

  deliver(stanza: Stanza): void {
    const { hooks } = this.host;
    if (hooks.has(stanzaDelivering) && hooks.claim(stanzaDelivering, { session: this, stanza }) === TAKEN) return;
    this.link.deliver(stanza);
  }
}
