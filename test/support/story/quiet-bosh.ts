/** A client over BOSH that asks for nothing by itself: each of its requests is made by the story. */
import { parse } from 'ltx';
import { Actor, type Credentials } from './actor.js';
import { bodyText, postBody } from './raw-bosh.js';
import { speaks } from './transports.js';

export class QuietBosh {
  readonly actor: Actor;
  readonly #port: number;
  #rid: number;

  private constructor(actor: Actor, port: number) {
    this.actor = actor;
    this.#port = port;
    const { bosh } = actor.client;
    if (!bosh) throw new Error('no client of BOSH');
    bosh.isSilent = true;
    this.#rid = bosh.rid;
  }

  /** Logged in and available; one request is held. */
  static async login(boshPort: number, credentials: Credentials, before = async (_: Actor) => {}): Promise<QuietBosh> {
    const port = speaks(boshPort, 'BOSH');
    const actor = await Actor.login(port, credentials);
    await actor.available();
    await before(actor);
    // The answer to the last request is in, and what asks on is held.
    await actor.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    await new Promise(setImmediate);
    return new QuietBosh(actor, port);
  }

  /** The answer to one more request, of this number or the next; rejects when there is none any more. */
  async ask(attributes: Readonly<Record<string, string>> = {}, payload = '', rid = this.#rid++): Promise<string> {
    const sid = this.actor.client.bosh?.sid;
    const reply = await postBody(this.#port, bodyText({ ...attributes, rid: String(rid), sid }, payload));
    return reply.text;
  }

  /** Has every request answered, so that what comes from now on waits; the session ends when nothing is asked for so long. */
  async pause(seconds: number): Promise<void> {
    await this.ask({ pause: String(seconds) });
  }

  /** Breaks the rules, which ends the session at once. */
  async end(): Promise<void> {
    await this.ask({}, '', this.#rid + 1_000);
  }
}

/** The bodies of the messages in an answer. */
export function bodiesIn(answer: string): string[] {
  return parse(answer)
    .getChildren('message')
    .map((message) => message.getChildText('body') ?? '');
}
