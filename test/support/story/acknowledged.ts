/** Clients that write without a pause, remember what the server has acknowledged, and look later whether it is there. */
import { expect } from 'vitest';
import { Actor, type Credentials, register } from './actor.js';

type Kind = 'roster' | 'private' | 'vcard';

/** Writes numbers into roster, private storage and vCard of one account, each kind a request at a time. */
export class Keeper {
  readonly #actor: Actor;
  /** The last number sent, and the last one acknowledged. */
  readonly #sent = { roster: 0, private: 0, vcard: 0 };
  readonly #acknowledged = { roster: 0, private: 0, vcard: 0 };
  readonly #refused: string[] = [];
  readonly #ended: Promise<undefined>;

  constructor(actor: Actor, onAcknowledged: () => void) {
    this.#actor = actor;
    this.#ended = new Promise((resolve) => actor.client.socket.once('close', () => resolve(undefined)));
    for (const kind of ['roster', 'private', 'vcard'] as const) void this.#write(kind, onAcknowledged);
  }

  /** What was sent last and not acknowledged may be there or not. */
  async expectKept(port: number): Promise<void> {
    expect(this.#refused).toEqual([]);
    const actor = await Actor.login(port, this.#actor);
    const roster = await actor.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`);
    const contacts =
      roster
        .getChild('query')
        ?.getChildren('item')
        .map((item) => item.attrs['jid']) ?? [];
    const expected = Array.from({ length: this.#acknowledged.roster }, (_, index) => contact(index + 1));
    expect(contacts).toEqual(expect.arrayContaining(expected));
    expect(contacts.length).toBeLessThanOrEqual(this.#sent.roster);
    const notes = await actor.asks(`<iq type='get'><query xmlns='jabber:iq:private'><n xmlns='test:n'/></query></iq>`);
    this.#expectNumber('private', notes.getChild('query')?.getChildText('n'));
    const vcard = await actor.asks(`<iq type='get'><vCard xmlns='vcard-temp'/></iq>`);
    this.#expectNumber('vcard', vcard.getChild('vCard')?.getChildText('FN'));
    actor.vanish();
  }

  #expectNumber(kind: Kind, text: string | null | undefined): void {
    const kept = Number(text || 0);
    expect(kept, `${kind} of ${this.#actor.bare}`).toBeGreaterThanOrEqual(this.#acknowledged[kind]);
    expect(kept).toBeLessThanOrEqual(this.#sent[kind]);
  }

  /** Ends when the connection does: a request without an answer is not followed by another. */
  async #write(kind: Kind, onAcknowledged: () => void): Promise<void> {
    while (!this.#actor.client.isClosed) {
      const number = ++this.#sent[kind];
      const answer = await Promise.race([this.#actor.asks(request(kind, number)), this.#ended]);
      if (!answer) return;
      if (answer.attrs['type'] !== 'result') this.#refused.push(String(answer));
      this.#acknowledged[kind] = number;
      onAcknowledged();
    }
  }
}

/** Makes accounts, one after the other. */
export class Registrar {
  readonly #port: number;
  readonly #prefix: string;
  #acknowledged = 0;

  constructor(port: number, prefix: string) {
    this.#port = port;
    this.#prefix = prefix;
  }

  async work(onAcknowledged: () => void): Promise<void> {
    for (;;) {
      const answer = await register(this.#port, this.#account(this.#acknowledged + 1)).catch(() => undefined);
      if (answer?.attrs['type'] !== 'result') return;
      this.#acknowledged++;
      onAcknowledged();
    }
  }

  async expectKept(port: number): Promise<void> {
    for (let number = 1; number <= this.#acknowledged; number++) {
      (await Actor.login(port, this.#account(number))).vanish();
    }
  }

  #account(number: number): Credentials {
    return { username: `${this.#prefix}-${number}`, domain: 'localhost', password: `secret ${number}` };
  }
}

function contact(number: number): string {
  return `contact-${number}@other.example`;
}

function request(kind: Kind, number: number): string {
  switch (kind) {
    case 'roster':
      return `<iq type='set'><query xmlns='jabber:iq:roster'><item jid='${contact(number)}'/></query></iq>`;
    case 'private':
      return `<iq type='set'><query xmlns='jabber:iq:private'><n xmlns='test:n'>${number}</n></query></iq>`;
    case 'vcard':
      return `<iq type='set'><vCard xmlns='vcard-temp'><FN>${number}</FN></vCard></iq>`;
  }
}
