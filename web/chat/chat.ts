/** The chat of one account: contacts and conversations, kept up to date with the server. */
import { Connection, type ConnectionOptions } from '../xmpp/connection.js';
import { Failure } from '../xmpp/failure.js';
import { bareOf } from '../xmpp/jid.js';
import type { LoginOutcome } from '../xmpp/login.js';
import { ns } from '../xmpp/namespaces.js';
import { randomToken } from '../xmpp/random.js';
import { Requests } from '../xmpp/requests.js';
import { type Xml, xml } from '../xmpp/xml.js';
import { Archive } from './archive.js';
import { Contacts } from './contacts.js';
import { type ChatMessage, Conversation } from './conversation.js';
import { History } from './history.js';
import { type ChatState, type Incoming, readMessage } from './incoming.js';
import { messageOf, receiptOf, stateOf } from './outgoing.js';
import { Roster } from './roster.js';

export type Status = { readonly kind: 'online' } | { readonly kind: 'offline'; readonly nextTryAt: number };

export interface ChatListener {
  contactsChanged(): void;
  /** Messages, or what the other side is doing. */
  conversationChanged(peer: string): void;
  statusChanged(): void;
  /** Somebody has written just now. */
  arrived(peer: string, body: string): void;
  /** The session is over, and does not come back by itself. */
  ended(failure: Failure): void;
  /** Whether the person has this conversation before the eyes. */
  isLooking(peer: string): boolean;
}

export type ChatOptions = Omit<ConnectionOptions, 'listener'> & { readonly listener: ChatListener };

export class Chat {
  readonly account: string;
  readonly roster = new Roster();
  readonly contacts: Contacts;
  readonly history: History;
  readonly #listener: ChatListener;
  readonly #requests: Requests;
  readonly #archive: Archive;
  readonly #conversations = new Map<string, Conversation>();
  #connection: Connection | undefined;
  #status: Status = { kind: 'online' };
  /** Stanzas of the moment before the first login is known to have worked. */
  #acknowledges = false;

  private constructor({ account, listener }: ChatOptions) {
    this.account = account.jid;
    this.#listener = listener;
    const send = (stanza: Xml) => this.#send(stanza);
    this.#requests = new Requests(send);
    this.#requests.account = this.account;
    this.#archive = new Archive(this.#requests, () => this.account, Date.now);
    this.contacts = new Contacts({
      ...{ roster: this.roster, requests: this.#requests, account: this.account, send },
      changed: () => listener.contactsChanged(),
    });
    this.history = new History({
      archive: this.#archive,
      conversation: (peer) => this.conversation(peer),
      take: (incoming, isFurtherBack) => this.#archived(incoming, isFurtherBack),
      changed: (peer) => listener.conversationChanged(peer),
    });
    this.#answerOthers();
  }

  /** Rejects with a `Failure` when the first login does not work out. */
  static async begin(options: ChatOptions, isNew: boolean): Promise<Chat> {
    const chat = new Chat(options);
    const listener = {
      online: (outcome: LoginOutcome) => chat.#online(outcome),
      offline: (_failure: Failure, nextTryMs: number) => chat.#offline(nextTryMs),
      ended: (failure: Failure) => chat.#ended(failure),
      stanza: (stanza: Xml) => chat.#stanza(stanza),
      acknowledged: (stanzas: readonly Xml[]) => chat.#acknowledged(stanzas),
    };
    chat.#connection = await Connection.begin({ ...options, listener }, isNew);
    chat.#start([]);
    return chat;
  }

  get status(): Status {
    return this.#status;
  }

  get conversations(): readonly Conversation[] {
    return [...this.#conversations.values()];
  }

  get unread(): number {
    return this.conversations.reduce((sum, { unread }) => sum + unread, 0);
  }

  conversation(peer: string): Conversation {
    const found = this.#conversations.get(peer) ?? new Conversation(peer);
    this.#conversations.set(peer, found);
    return found;
  }

  /** The person looks at it: nothing is unread, and history is fetched the first time. */
  look(peer: string): void {
    const conversation = this.conversation(peer);
    conversation.unread = 0;
    this.#listener.contactsChanged();
    void this.history.load(conversation);
  }

  write(peer: string, body: string): ChatMessage {
    const message = this.conversation(peer).write(randomToken(), body, Date.now());
    this.#sendMessage(peer, message);
    this.#listener.conversationChanged(peer);
    return message;
  }

  /** Only those learn what we are doing who may know that we are there. */
  tellState(peer: string, state: ChatState): void {
    if (!this.#connection?.isOnline || !this.roster.seesUs(peer) || !this.roster.availability(peer)) return;
    this.#send(stateOf(peer, state));
  }

  /** The network may be back. */
  check(): void {
    this.#connection?.check();
  }

  /** Nobody looks at the page: what can wait need not come now. */
  rest(isResting: boolean): void {
    this.#connection?.rest(isResting);
  }

  logOut(): void {
    if (this.#connection?.isOnline) this.#send(xml('presence', ns.CLIENT, { type: 'unavailable' }));
    this.#connection?.close();
  }

  #online({ isResumed, management }: LoginOutcome): void {
    this.#acknowledges = management !== undefined;
    this.#status = { kind: 'online' };
    this.#listener.statusChanged();
    // The first time there is no connection to send by yet: `begin` starts the session.
    if (isResumed || !this.#connection) return;
    this.#requests.failAll(new Failure('connection-lost'));
    // What was written before and is not known to have been taken.
    const open = this.conversations.flatMap(({ peer, messages }) =>
      messages.filter(({ progress }) => progress === 'sending').map((message) => ({ peer, message })),
    );
    this.#start(open);
  }

  #start(open: readonly { readonly peer: string; readonly message: ChatMessage }[]): void {
    void this.#beginSession().then(
      () => {
        // The archive may have shown that one was taken.
        for (const { peer, message } of open) if (message.progress === 'sending') this.#sendMessage(peer, message);
      },
      // The connection went meanwhile; the next session begins anew.
      () => {},
    );
  }

  async #beginSession(): Promise<void> {
    await this.contacts.begin();
    const domain = this.account.slice(this.account.indexOf('@') + 1);
    const [server, account] = await Promise.all([this.#features(domain), this.#features(this.account)]);
    if (server.includes(ns.CARBONS) || account.includes(ns.CARBONS)) {
      await this.#requests.set(xml('enable', ns.CARBONS)).catch(() => {});
    }
    if (account.includes(ns.MAM)) await this.history.catchUp().catch(() => {});
    this.#listener.contactsChanged();
    for (const { peer } of this.conversations) if (this.#listener.isLooking(peer)) this.look(peer);
  }

  async #features(jid: string): Promise<string[]> {
    const answer = await this.#requests.get(xml('query', ns.DISCO_INFO), jid).catch(() => undefined);
    const query = answer?.child('query', ns.DISCO_INFO);
    return query?.elements.filter(({ name }) => name === 'feature').map(({ attrs }) => attrs['var'] ?? '') ?? [];
  }

  #offline(nextTryMs: number): void {
    this.#status = { kind: 'offline', nextTryAt: Date.now() + nextTryMs };
    this.#listener.statusChanged();
  }

  #ended(failure: Failure): void {
    this.#requests.failAll(failure);
    this.#listener.ended(failure);
  }

  #send(stanza: Xml): void {
    this.#connection?.send(stanza);
  }

  #sendMessage(peer: string, message: ChatMessage): void {
    this.#send(messageOf(peer, message));
    // Without acknowledgements there is nothing to wait for.
    if (!this.#acknowledges && this.#connection?.isOnline) message.progress = 'sent';
  }

  #stanza(stanza: Xml): void {
    if (stanza.name === 'iq') this.#requests.take(stanza);
    else if (stanza.name === 'presence') this.contacts.presence(stanza);
    else if (!this.#archive.take(stanza)) this.#message(stanza);
  }

  #message(stanza: Xml): void {
    const incoming = readMessage(stanza, { account: this.account, now: Date.now() });
    if (!incoming) return;
    const conversation = this.#taken(incoming);
    if (incoming.wantsReceipt && incoming.id !== undefined && this.#owesReceipt(incoming)) {
      this.#send(receiptOf(incoming.from, stanza.attrs['id'] ?? incoming.id));
    }
    if (conversation) this.#listener.conversationChanged(incoming.peer);
  }

  /** XEP-0184 section 8: a receipt tells that we are there. */
  #owesReceipt({ isOwn, isCopy, body, peer }: Incoming): boolean {
    return !isOwn && !isCopy && body !== undefined && this.roster.seesUs(peer);
  }

  #taken(incoming: Incoming): Conversation | undefined {
    const { peer, isOwn, received, state, error, id, body } = incoming;
    if (body === undefined && !this.#conversations.has(peer)) return undefined;
    const conversation = this.conversation(peer);
    if (error) conversation.advance(error.attrs['id'] ?? '', 'failed', problemOf(error));
    if (received !== undefined && !isOwn) conversation.advance(received, 'delivered');
    if (!isOwn && !incoming.isDelayed) conversation.state = body === undefined ? state : 'active';
    if (id !== undefined && isOwn && incoming.isCopy) conversation.advance(id, 'sent');
    const isNew = conversation.add(incoming);
    this.history.saw(incoming);
    if (isNew && !isOwn) this.#count(conversation, body ?? '');
    else if (isOwn && incoming.isCopy) conversation.unread = 0;
    if (body !== undefined) this.#listener.contactsChanged();
    return conversation;
  }

  #count(conversation: Conversation, body: string): void {
    const { peer } = conversation;
    if (this.#listener.isLooking(peer)) return;
    conversation.unread++;
    this.#listener.arrived(peer, body);
  }

  /** From the archive: read before, unless it came while we were away. */
  #archived(incoming: Incoming, isFurtherBack: boolean): void {
    const { peer, received, isOwn } = incoming;
    if (received !== undefined && !isOwn) this.conversation(peer).advance(received, 'delivered');
    if (incoming.body === undefined) return;
    const conversation = this.conversation(peer);
    const isNew = conversation.add(incoming, isFurtherBack);
    if (isNew && !isOwn && this.history.isAfterAbsence) this.#count(conversation, incoming.body);
  }

  #acknowledged(stanzas: readonly Xml[]): void {
    for (const { name, attrs } of stanzas) {
      if (name !== 'message') continue;
      const peer = bareOf(attrs['to'] ?? '');
      if (this.#conversations.get(peer)?.advance(attrs['id'] ?? '', 'sent')) this.#listener.conversationChanged(peer);
    }
  }

  #answerOthers(): void {
    this.#requests.answer('get', 'ping', ns.PING, () => undefined);
    this.#requests.answer('get', 'query', ns.DISCO_INFO, () => {
      const features = [ns.DISCO_INFO, ns.PING, ns.RECEIPTS, ns.CHAT_STATES, ns.CARBONS, ns.STANZA_ID];
      const identity = xml('identity', ns.DISCO_INFO, { category: 'client', type: 'web', name: 'Meerkat' });
      return xml(
        'query',
        ns.DISCO_INFO,
        {},
        identity,
        ...features.map((one) => xml('feature', ns.DISCO_INFO, { var: one })),
      );
    });
    this.#requests.answer('set', 'query', ns.ROSTER, (iq) => this.contacts.push(iq));
  }
}

function problemOf(message: Xml): string {
  const error = message.child('error');
  const text = error?.childText('text', ns.STANZA_ERRORS);
  const condition = error?.elements.find((one) => one.ns === ns.STANZA_ERRORS)?.name;
  return text ?? condition?.replaceAll('-', ' ') ?? 'not delivered';
}
