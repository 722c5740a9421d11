/** The page while somebody is logged in. */
import type { Chat, ChatListener } from '../chat/chat.js';
import { localOf } from '../xmpp/jid.js';
import { Alerts } from './alerts.js';
import { paintAvatar } from './avatar.js';
import { ContactList, nameOf } from './contact-list.js';
import { byId } from './dom.js';
import { TalkView } from './talk-view.js';
import { inWords } from './words.js';

export class ChatView implements ChatListener {
  readonly #left: (reason: string) => void;
  readonly #alerts = new Alerts((peer) => this.#open(peer));
  #chat: Chat | undefined;
  #list: ContactList | undefined;
  #talk: TalkView | undefined;
  #life = new AbortController();
  #countdown: ReturnType<typeof setInterval> | undefined;
  #isDrawing = false;

  /** `left` is called when the session is over. */
  constructor(left: (reason: string) => void) {
    this.#left = left;
  }

  begin(chat: Chat): void {
    this.#chat = chat;
    this.#life = new AbortController();
    const { signal } = this.#life;
    const name = localOf(chat.account);
    paintAvatar(byId('own-avatar'), chat.account, name);
    byId('own-name').textContent = name;
    this.#list = new ContactList(chat, (peer) => this.#open(peer), signal);
    this.#talk = new TalkView(chat, signal);
    byId('leave').addEventListener('click', () => this.#leave(), { signal });
    byId('back').addEventListener('click', () => this.#back(), { signal });
    document.addEventListener('visibilitychange', () => this.#seen(), { signal });
    window.addEventListener('focus', () => this.#seen(), { signal });
    window.addEventListener('online', () => chat.check(), { signal });
    byId('chat').addEventListener('keydown', (event) => this.#key(event), { signal });
    byId('chat').hidden = false;
    byId('add-address').focus();
    this.statusChanged();
    this.contactsChanged();
  }

  contactsChanged(): void {
    this.#draw();
  }

  conversationChanged(_peer: string): void {
    this.#draw();
  }

  statusChanged(): void {
    clearInterval(this.#countdown);
    const isOffline = this.#chat?.status.kind === 'offline';
    byId('status').hidden = !isOffline;
    byId('own-state').textContent = isOffline ? 'not connected' : (this.#chat?.account ?? '');
    if (!isOffline) return;
    byId('status').textContent = 'The connection is gone. It comes back by itself.';
  }

  arrived(peer: string, body: string): void {
    if (this.#chat) this.#alerts.arrived(peer, nameOf(this.#chat, peer), body);
  }

  ended(failure: Parameters<ChatListener['ended']>[0]): void {
    this.#end(inWords(failure));
  }

  isLooking(peer: string): boolean {
    return this.#talk?.peer === peer && document.visibilityState === 'visible' && document.hasFocus();
  }

  /** Once for all that came together. */
  #draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    queueMicrotask(() => {
      this.#isDrawing = false;
      if (!this.#chat) return;
      this.#list?.show(this.#talk?.peer);
      this.#talk?.show();
      this.#alerts.showUnread(this.#chat.unread);
    });
  }

  #open(peer: string): void {
    this.#talk?.open(peer);
    this.#draw();
  }

  #back(): void {
    const peer = this.#talk?.peer;
    this.#talk?.close();
    this.#list?.show(undefined);
    if (peer !== undefined) document.querySelector<HTMLElement>(`[data-peer="${CSS.escape(peer)}"]`)?.focus();
  }

  #key(event: KeyboardEvent): void {
    if (event.key === 'Escape' && !event.isComposing && this.#talk?.peer !== undefined) this.#back();
  }

  /** Somebody looks at the page again, or looks away. */
  #seen(): void {
    const isHidden = document.visibilityState !== 'visible';
    this.#chat?.rest(isHidden);
    if (isHidden) return;
    this.#chat?.check();
    const peer = this.#talk?.peer;
    if (peer !== undefined && document.hasFocus()) this.#chat?.look(peer);
  }

  #leave(): void {
    this.#chat?.logOut();
    this.#end('');
  }

  #end(reason: string): void {
    this.#life.abort();
    this.#talk?.close();
    this.#chat = undefined;
    this.#list = undefined;
    this.#talk = undefined;
    byId('contact-list').replaceChildren();
    byId('request-list').replaceChildren();
    byId('messages').replaceChildren();
    byId<HTMLTextAreaElement>('text').value = '';
    byId('chat').hidden = true;
    this.#alerts.showUnread(0);
    this.#left(reason);
  }
}
