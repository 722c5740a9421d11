/** A client that sends numbered messages without a pause, and knows which of them the server has acknowledged (XEP-0198). */
import type { Actor } from './actor.js';
import { enable, SM } from './managed.js';

/** Stanzas that may wait for their acknowledgement, and stanzas between two requests for one. */
const WINDOW = 40;
const BETWEEN = 4;

export interface Sent {
  readonly acknowledged: readonly number[];
  readonly all: readonly number[];
}

export class ManagedSender {
  readonly #actor: Actor;
  readonly #recipients: readonly string[];
  /** What is sent to each recipient, by recipient: the numbers are the sender's own. */
  #sent = 0;
  #acknowledged = 0;

  private constructor(actor: Actor, recipients: readonly string[]) {
    this.#actor = actor;
    this.#recipients = recipients;
  }

  /** Starts sending; `onAcknowledged` hears how many more are safe now. */
  static async start(
    actor: Actor,
    recipients: readonly string[],
    onAcknowledged: (more: number) => void,
  ): Promise<ManagedSender> {
    const sender = new ManagedSender(actor, recipients);
    await enable(actor);
    void sender.#work(onAcknowledged);
    return sender;
  }

  get name(): string {
    return this.#actor.username;
  }

  /** Numbers of all messages, and of those that were acknowledged. */
  get sent(): Sent {
    return this.#numbers(() => true);
  }

  /** The same of the messages to one recipient. */
  sentTo(recipient: string): Sent {
    const place = this.#recipients.indexOf(recipient);
    return this.#numbers((number) => this.#placeOf(number) === place);
  }

  #numbers(isWanted: (number: number) => boolean): Sent {
    const all = Array.from({ length: this.#sent }, (_, index) => index).filter(isWanted);
    return { acknowledged: all.filter((number) => number < this.#acknowledged), all };
  }

  #placeOf(number: number): number {
    return number % this.#recipients.length;
  }

  async #work(onAcknowledged: (more: number) => void): Promise<void> {
    const { client } = this.#actor;
    while (!client.isClosed) {
      while (this.#sent - this.#acknowledged < WINDOW) this.#send();
      const answer = await client.next((one) => one.is('a', SM)).catch(() => undefined);
      if (!answer) return;
      const h = Number(answer.attrs['h']);
      onAcknowledged(h - this.#acknowledged);
      this.#acknowledged = h;
    }
  }

  #send(): void {
    let xml = '';
    for (let left = BETWEEN; left > 0; left--) {
      const number = this.#sent++;
      const to = this.#recipients[this.#placeOf(number)];
      xml += `<message to='${to}' type='chat' id='m${number}'><body>${this.name}:${number}</body></message>`;
    }
    this.#actor.send(`${xml}<r xmlns='${SM}'/>`);
  }
}

/** The numbers of each sender's messages, in the order in which they are found. */
export function numbersBySender(bodies: readonly string[]): Map<string, number[]> {
  const found = new Map<string, number[]>();
  for (const body of bodies) {
    const [name = '', number] = body.split(':');
    found.set(name, [...(found.get(name) ?? []), Number(number)]);
  }
  return found;
}
