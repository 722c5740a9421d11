/** The side of the page: who is there, who has written, who asks, and how to add somebody. */
import type { Chat } from '../chat/chat.js';
import type { ChatMessage } from '../chat/conversation.js';
import type { Show } from '../chat/roster.js';
import { localOf, typedAddress } from '../xmpp/jid.js';
import { paintAvatar } from './avatar.js';
import { byId, make } from './dom.js';
import { inWords } from './words.js';

const PRESENCE: Readonly<Record<Show | 'gone', string>> = {
  available: 'there',
  chat: 'there',
  away: 'away',
  xa: 'away for long',
  dnd: 'not to be disturbed',
  gone: 'not there',
};

interface Row {
  readonly jid: string;
  readonly name: string;
  readonly unread: number;
  readonly last: ChatMessage | undefined;
}

export function nameOf(chat: Chat, jid: string): string {
  return chat.roster.contacts.get(jid)?.name ?? (localOf(jid) || jid);
}

/** In words: what is known of somebody's presence. */
export function presenceOf(chat: Chat, jid: string): string {
  const contact = chat.roster.contacts.get(jid);
  const availability = chat.roster.availability(jid);
  if (!availability && contact?.isAsked) return 'has not answered yet';
  if (!contact) return 'not a contact';
  const word = PRESENCE[availability?.show ?? 'gone'];
  return availability?.status ? `${word}: ${availability.status}` : word;
}

export class ContactList {
  readonly #chat: Chat;
  readonly #open: (peer: string) => void;

  constructor(chat: Chat, open: (peer: string) => void, signal: AbortSignal) {
    this.#chat = chat;
    this.#open = open;
    const form = byId<HTMLFormElement>('add');
    form.addEventListener(
      'submit',
      (event) => {
        event.preventDefault();
        void this.#add();
      },
      { signal },
    );
  }

  show(current: string | undefined): void {
    const rows = this.#rows();
    const list = byId('contact-list');
    const focused = document.activeElement?.closest<HTMLElement>('#contact-list button')?.dataset['peer'];
    list.replaceChildren(...rows.map((row) => make('li', {}, this.#button(row, row.jid === current))));
    if (focused !== undefined) list.querySelector<HTMLElement>(`[data-peer="${CSS.escape(focused)}"]`)?.focus();
    byId('no-contacts').hidden = rows.length > 0;
    this.#showRequests();
  }

  /** Who has written last comes first. */
  #rows(): Row[] {
    const { roster, conversations } = this.#chat;
    const talked = conversations.filter(({ messages }) => messages.length > 0);
    const jids = new Set([...roster.contacts.keys(), ...talked.map(({ peer }) => peer)]);
    const rows = [...jids].map((jid) => {
      const conversation = talked.find(({ peer }) => peer === jid);
      return { jid, name: nameOf(this.#chat, jid), unread: conversation?.unread ?? 0, last: conversation?.last };
    });
    return rows.sort((a, b) => (b.last?.at ?? 0) - (a.last?.at ?? 0) || a.name.localeCompare(b.name));
  }

  #button({ jid, name, unread, last }: Row, isCurrent: boolean): HTMLButtonElement {
    const avatar = make('span', { class: 'avatar', 'aria-hidden': 'true' });
    paintAvatar(avatar, jid, name);
    const show = this.#chat.roster.availability(jid)?.show ?? 'gone';
    const dot = make('span', { class: 'dot', 'data-show': show });
    const presence = presenceOf(this.#chat, jid);
    const preview = last ? `${last.isOwn ? 'You: ' : ''}${last.body}` : presence;
    const badge = make('span', { class: 'badge' }, String(unread), make('span', { class: 'unseen' }, ' unread'));
    const button = make(
      'button',
      { type: 'button', class: 'contact', 'data-peer': jid, 'aria-current': isCurrent && 'true' },
      make('span', { class: 'face' }, avatar, dot),
      make(
        'span',
        { class: 'names' },
        make('strong', {}, name),
        make('span', { class: 'unseen' }, `, ${presence}. `),
        make('span', { class: 'preview quiet' }, preview),
      ),
      ...(unread > 0 ? [badge] : []),
    );
    button.addEventListener('click', () => this.#open(jid));
    return button;
  }

  #showRequests(): void {
    const { requests } = this.#chat.roster;
    byId('requests').hidden = requests.size === 0;
    byId('request-list').replaceChildren(...[...requests].map((jid) => this.#request(jid)));
  }

  #request(jid: string): HTMLLIElement {
    const accept = make('button', { type: 'button', class: 'button small', 'aria-label': `Accept ${jid}` }, 'Accept');
    const decline = make(
      'button',
      { type: 'button', class: 'button small plain', 'aria-label': `Decline ${jid}` },
      'Decline',
    );
    accept.addEventListener('click', () => void this.#chat.contacts.accept(jid));
    decline.addEventListener('click', () => this.#chat.contacts.decline(jid));
    const text = make('p', {}, make('strong', {}, jid), ' wants to be your contact.');
    return make('li', { class: 'request' }, text, make('div', { class: 'choices' }, decline, accept));
  }

  async #add(): Promise<void> {
    const input = byId<HTMLInputElement>('add-address');
    const problem = byId('add-problem');
    const jid = typedAddress(input.value, this.#chat.account.slice(this.#chat.account.indexOf('@') + 1));
    problem.textContent = '';
    if (jid === undefined || jid === this.#chat.account) {
      problem.textContent = jid === undefined ? 'That is no address.' : 'That is your own address.';
      return;
    }
    try {
      if (this.#chat.roster.requests.has(jid)) await this.#chat.contacts.accept(jid);
      else await this.#chat.contacts.add(jid, '');
      input.value = '';
      this.#open(jid);
    } catch (error) {
      problem.textContent = inWords(error);
    }
  }
}
