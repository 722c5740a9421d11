/** The messages of one conversation. What is shown already stays in its place, so that screen readers tell of news alone. */
import type { ChatMessage, Conversation, Progress } from '../chat/conversation.js';
import { byId, make } from './dom.js';
import { piecesOf } from './links.js';

const PROGRESS: Readonly<Record<Progress, string>> = {
  sending: 'on the way',
  sent: 'sent',
  delivered: 'arrived',
  failed: 'not delivered',
};
/** This near to the end counts as looking at the end. */
const NEAR_END_PX = 80;

export class MessageList {
  readonly #scroll = byId('scroll');
  readonly #list = byId('messages');
  #peer: string | undefined;
  readonly #shown = new Map<string, HTMLLIElement>();

  show(conversation: Conversation): void {
    if (conversation.peer !== this.#peer) this.#clear(conversation.peer);
    const { scrollHeight, scrollTop, clientHeight } = this.#scroll;
    const isAtEnd = this.#shown.size === 0 || scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    const first = this.#list.firstElementChild;
    this.#update(conversation.messages);
    if (isAtEnd) this.toEnd();
    // What came in above must not push away what is being read.
    else if (first !== this.#list.firstElementChild)
      this.#scroll.scrollTop = scrollTop + this.#scroll.scrollHeight - scrollHeight;
  }

  toEnd(): void {
    this.#scroll.scrollTop = this.#scroll.scrollHeight;
  }

  #clear(peer: string): void {
    this.#peer = peer;
    this.#shown.clear();
    this.#list.replaceChildren();
  }

  #update(messages: readonly ChatMessage[]): void {
    let day = '';
    let previous: Element | null = null;
    for (const message of messages) {
      const item = this.#shown.get(message.key) ?? itemOf(message);
      const next: Element | null = previous ? previous.nextElementSibling : this.#list.firstElementChild;
      if (next !== item) this.#list.insertBefore(item, next);
      this.#shown.set(message.key, item);
      const own = dayOf(message.at);
      markDay(item, own === day ? undefined : own);
      day = own;
      showProgress(item, message);
      previous = item;
    }
  }
}

function itemOf(message: ChatMessage): HTMLLIElement {
  const time = make('time', { datetime: new Date(message.at).toISOString() }, timeOf(message.at));
  const who = make('span', { class: 'unseen' }, message.isOwn ? 'You: ' : '');
  const body = make('span', { class: 'body' }, ...textOf(message.body));
  const bubble = make('div', { class: 'bubble' }, who, body, ' ', make('span', { class: 'meta' }, time));
  return make('li', { class: message.isOwn ? 'message own' : 'message' }, bubble);
}

function textOf(body: string): (Node | string)[] {
  return piecesOf(body).map(({ text, href }) =>
    href === undefined ? text : make('a', { href, target: '_blank', rel: 'noopener noreferrer nofollow' }, text),
  );
}

function showProgress(item: HTMLLIElement, { progress, problem }: ChatMessage): void {
  if (progress === undefined || item.dataset['progress'] === progress) return;
  item.dataset['progress'] = progress;
  const word = problem === undefined ? PROGRESS[progress] : `${PROGRESS[progress]}: ${problem}`;
  item.querySelector('.progress')?.remove();
  item.querySelector('.meta')?.append(make('span', { class: 'progress', title: word }, ` · ${word}`));
}

function markDay(item: HTMLLIElement, day: string | undefined): void {
  const shown = item.querySelector('.day');
  if (day === undefined) shown?.remove();
  else if (!shown) item.prepend(make('p', { class: 'day quiet' }, day));
}

function dayOf(at: number): string {
  return new Date(at).toLocaleDateString(undefined, {
    weekday: 'long',
    day: 'numeric',
    month: 'long',
    year: 'numeric',
  });
}

function timeOf(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' });
}
