/** The form that makes accounts and logs in. */
import { Chat, type ChatListener } from '../chat/chat.js';
import { type ServerFacts, webSocketAddress } from '../server-facts.js';
import { typedAddress } from '../xmpp/jid.js';
import type { SocketLike } from '../xmpp/stream.js';
import { byId } from './dom.js';
import { parseXml } from './parse.js';
import { inWords } from './words.js';

const REMEMBERED = 'meerkat.account';

export class EnterForm {
  readonly #facts: ServerFacts;
  readonly #entered: (chat: Chat) => void;
  readonly #listener: ChatListener;
  readonly #form = byId<HTMLFormElement>('enter');
  readonly #username = byId<HTMLInputElement>('username');
  readonly #password = byId<HTMLInputElement>('password');
  readonly #button = byId<HTMLButtonElement>('enter-button');
  readonly #problem = byId('enter-problem');

  constructor(facts: ServerFacts, listener: ChatListener, entered: (chat: Chat) => void) {
    this.#facts = facts;
    this.#listener = listener;
    this.#entered = entered;
    this.#form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#submit();
    });
    this.#form.addEventListener('change', () => this.#showIntent());
    this.#username.addEventListener('input', () => this.#showAddress());
    this.#remember();
    this.#showIntent();
    if (facts.websocket === null) this.#close('This server has no WebSocket for this page: see meerkat_web_client.');
    else if (!isPrivate()) this.#close(inPlainSight);
  }

  /** Back from a session. */
  show(reason: string): void {
    this.#problem.textContent = reason;
    this.#remember();
    this.#showIntent();
    this.#username.focus();
  }

  get #isNew(): boolean {
    return new FormData(this.#form).get('intent') === 'new';
  }

  async #submit(): Promise<void> {
    const jid = typedAddress(this.#username.value, this.#facts.domain);
    if (jid === undefined) {
      this.#problem.textContent = 'A name has neither spaces nor any of "&\'/:<>@.';
      this.#username.focus();
      return;
    }
    this.#setBusy(true);
    try {
      const chat = await this.#begin(jid, this.#password.value);
      keep(jid);
      this.#password.value = '';
      this.#entered(chat);
    } catch (error) {
      this.#problem.textContent = inWords(error);
      this.#password.focus();
    } finally {
      this.#setBusy(false);
    }
  }

  #begin(jid: string, password: string): Promise<Chat> {
    const address = webSocketAddress(this.#facts.websocket ?? '', location.href);
    const options = {
      account: { jid, password },
      surroundings: { canHash: globalThis.crypto?.subtle !== undefined, isPrivate: isPrivate() },
      openSocket: () => new WebSocket(address, 'xmpp') as SocketLike,
      parse: parseXml,
      listener: this.#listener,
    };
    return Chat.begin(options, this.#isNew);
  }

  #setBusy(isBusy: boolean): void {
    this.#button.disabled = isBusy;
    this.#form.setAttribute('aria-busy', String(isBusy));
    if (isBusy) this.#problem.textContent = '';
  }

  #showIntent(): void {
    this.#button.textContent = this.#isNew ? 'Make the account and chat' : 'Log in';
    this.#password.autocomplete = this.#isNew ? 'new-password' : 'current-password';
    this.#showAddress();
  }

  #showAddress(): void {
    const jid = typedAddress(this.#username.value || 'name', this.#facts.domain);
    byId('username-hint').textContent = jid === undefined ? '' : `Others write to you at ${jid}.`;
  }

  #remember(): void {
    const jid = remembered();
    if (jid === undefined) return;
    this.#username.value = jid.endsWith(`@${this.#facts.domain}`) ? jid.slice(0, jid.lastIndexOf('@')) : jid;
    const known = this.#form.querySelector<HTMLInputElement>('input[value="known"]');
    if (known) known.checked = true;
  }

  #close(reason: string): void {
    this.#button.disabled = true;
    this.#problem.textContent = reason;
  }
}

const inPlainSight =
  'This page came without encryption: open it by https, or on the machine of the server, to chat here.';

/** Over TLS, or on this very machine. */
function isPrivate(): boolean {
  return (
    location.protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\]|.*\.localhost)$/.test(location.hostname)
  );
}

/** The address alone. Browsers may refuse to keep anything. */
function keep(jid: string): void {
  try {
    localStorage.setItem(REMEMBERED, jid);
  } catch {
    // Then it is typed again.
  }
}

function remembered(): string | undefined {
  try {
    return localStorage.getItem(REMEMBERED) ?? undefined;
  } catch {
    return undefined;
  }
}
