/** Tells of unread messages: in the title of the page, and by the system's notifications where the person wants them. */
import { byId } from './dom.js';

const TITLE = 'Meerkat';
const MAX_TEXT = 120;

export class Alerts {
  readonly #open: (peer: string) => void;
  readonly #button = byId<HTMLButtonElement>('notify');
  #isWanted = false;

  /** `open` is called when somebody follows a notification. */
  constructor(open: (peer: string) => void) {
    this.#open = open;
    this.#button.hidden = !('Notification' in globalThis);
    this.#button.addEventListener('click', () => void this.#toggle());
  }

  showUnread(count: number): void {
    document.title = count === 0 ? TITLE : `(${count}) ${TITLE}`;
  }

  arrived(peer: string, name: string, body: string): void {
    if (!this.#isWanted || document.visibilityState === 'visible') return;
    const text = body.length > MAX_TEXT ? `${body.slice(0, MAX_TEXT)}…` : body;
    const notification = new Notification(name, { body: text, tag: peer });
    notification.onclick = () => {
      window.focus();
      notification.close();
      this.#open(peer);
    };
  }

  async #toggle(): Promise<void> {
    const wants = !this.#isWanted;
    this.#isWanted = wants && (await Notification.requestPermission()) === 'granted';
    this.#button.setAttribute('aria-pressed', String(this.#isWanted));
  }
}
