/** The conversation that is open: who it is with, what was said, and what is being written. */
import type { Chat } from '../chat/chat.js';
import { paintAvatar } from './avatar.js';
import { confirmed } from './confirm.js';
import { nameOf, presenceOf } from './contact-list.js';
import { byId } from './dom.js';
import { MessageList } from './message-list.js';

/** Without a key for so long, somebody has paused (XEP-0085 section 5.1). */
const PAUSE_MS = 5_000;

export class TalkView {
  readonly #chat: Chat;
  readonly #messages = new MessageList();
  readonly #text = byId<HTMLTextAreaElement>('text');
  readonly #drafts = new Map<string, string>();
  #peer: string | undefined;
  #pause: ReturnType<typeof setTimeout> | undefined;
  #isComposing = false;

  constructor(chat: Chat, signal: AbortSignal) {
    this.#chat = chat;
    const on = { signal };
    byId('compose').addEventListener('submit', (event) => this.#submit(event), on);
    this.#text.addEventListener('keydown', (event) => this.#key(event), on);
    this.#text.addEventListener('input', () => this.#typed(), on);
    byId('older').addEventListener('click', () => void this.#older(), on);
    byId('peer-add').addEventListener('click', () => void this.#add(), on);
    byId('peer-remove').addEventListener('click', () => void this.#remove(), on);
  }

  get peer(): string | undefined {
    return this.#peer;
  }

  open(peer: string): void {
    if (this.#peer !== undefined) this.close();
    this.#peer = peer;
    this.#text.value = this.#drafts.get(peer) ?? '';
    this.#setOpen(true);
    this.#fit();
    this.#chat.look(peer);
    this.show();
    this.#messages.toEnd();
    this.#text.focus();
  }

  close(): void {
    if (this.#peer === undefined) return;
    this.#drafts.set(this.#peer, this.#text.value);
    this.#stopComposing();
    this.#peer = undefined;
    this.#setOpen(false);
  }

  show(): void {
    if (this.#peer === undefined) return;
    const name = nameOf(this.#chat, this.#peer);
    const conversation = this.#chat.conversation(this.#peer);
    const contact = this.#chat.roster.contacts.get(this.#peer);
    paintAvatar(byId('peer-avatar'), this.#peer, name);
    byId('peer-name').textContent = name;
    byId('peer-state').textContent = `${this.#peer} · ${presenceOf(this.#chat, this.#peer)}`;
    byId('peer-add').hidden =
      contact !== undefined && (contact.isAsked || contact.subscription === 'both' || contact.subscription === 'to');
    byId('peer-remove').hidden = contact === undefined;
    byId('older').hidden = conversation.isComplete || conversation.oldest === undefined;
    byId('typing').textContent = conversation.state === 'composing' ? `${name} is writing…` : '';
    this.#messages.show(conversation);
  }

  #setOpen(isOpen: boolean): void {
    byId('no-talk').hidden = isOpen;
    for (const id of ['peer', 'scroll', 'compose']) byId(id).hidden = !isOpen;
    byId('chat').classList.toggle('talking', isOpen);
  }

  #submit(event: SubmitEvent): void {
    event.preventDefault();
    const body = this.#text.value.trim();
    if (this.#peer === undefined || body === '') return;
    clearTimeout(this.#pause);
    // The message itself says that writing is over.
    this.#isComposing = false;
    this.#chat.write(this.#peer, body);
    this.#text.value = '';
    this.#drafts.delete(this.#peer);
    this.#fit();
    this.#messages.toEnd();
    this.#text.focus();
  }

  #key(event: KeyboardEvent): void {
    // Enter chooses a word while one is being composed.
    if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return;
    event.preventDefault();
    byId<HTMLFormElement>('compose').requestSubmit();
  }

  #typed(): void {
    this.#fit();
    clearTimeout(this.#pause);
    if (this.#peer === undefined) return;
    if (this.#text.value === '') {
      this.#stopComposing();
      return;
    }
    if (!this.#isComposing) this.#chat.tellState(this.#peer, 'composing');
    this.#isComposing = true;
    this.#pause = setTimeout(() => this.#paused(), PAUSE_MS);
  }

  #paused(): void {
    this.#isComposing = false;
    if (this.#peer !== undefined) this.#chat.tellState(this.#peer, 'paused');
  }

  #stopComposing(): void {
    clearTimeout(this.#pause);
    if (this.#isComposing && this.#peer !== undefined) this.#chat.tellState(this.#peer, 'active');
    this.#isComposing = false;
  }

  /** As high as the text, up to what the style allows. */
  #fit(): void {
    this.#text.style.setProperty('height', 'auto');
    this.#text.style.setProperty('height', `${this.#text.scrollHeight + 2}px`);
  }

  async #older(): Promise<void> {
    if (this.#peer === undefined) return;
    const button = byId<HTMLButtonElement>('older');
    button.disabled = true;
    await this.#chat.history.older(this.#chat.conversation(this.#peer)).finally(() => {
      button.disabled = false;
    });
  }

  async #add(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    if (this.#chat.roster.requests.has(peer)) await this.#chat.contacts.accept(peer);
    else await this.#chat.contacts.add(peer, '').catch(() => {});
  }

  async #remove(): Promise<void> {
    const peer = this.#peer;
    if (peer === undefined) return;
    const title = `Remove ${nameOf(this.#chat, peer)}?`;
    const text = 'Neither of you sees any more whether the other is there. Messages stay.';
    if (!(await confirmed({ title, text, yes: 'Remove' }))) return;
    await this.#chat.contacts.remove(peer).catch(() => {});
  }
}
