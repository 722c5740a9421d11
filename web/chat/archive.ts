/** Asks the own archive for messages, page by page (XEP-0313, XEP-0059). */
import { ns } from '../xmpp/namespaces.js';
import { randomToken } from '../xmpp/random.js';
import type { Requests } from '../xmpp/requests.js';
import { type Xml, xml } from '../xmpp/xml.js';
import { type Incoming, readArchived } from './incoming.js';

export interface PageWanted {
  /** One conversation alone. */
  readonly peer?: string | undefined;
  /** Older than this id; empty for the newest. */
  readonly before?: string | undefined;
  /** Newer than this id. */
  readonly after?: string | undefined;
  readonly max: number;
}

export interface ArchivePage {
  readonly messages: readonly Incoming[];
  /** Nothing lies beyond, in the direction that was asked for. */
  readonly isComplete: boolean;
  readonly first: string | undefined;
  readonly last: string | undefined;
}

export class Archive {
  readonly #requests: Requests;
  readonly #account: () => string;
  readonly #now: () => number;
  readonly #running = new Map<string, Incoming[]>();

  constructor(requests: Requests, account: () => string, now: () => number) {
    this.#requests = requests;
    this.#account = account;
    this.#now = now;
  }

  /** Rejects with a `Failure`. */
  async page(wanted: PageWanted): Promise<ArchivePage> {
    const queryId = randomToken();
    const messages: Incoming[] = [];
    this.#running.set(queryId, messages);
    try {
      const answer = await this.#requests.set(queryOf(queryId, wanted));
      const fin = answer.child('fin', ns.MAM);
      const set = fin?.child('set', ns.RSM);
      return {
        messages,
        isComplete: fin?.attrs['complete'] === 'true',
        first: set?.childText('first'),
        last: set?.childText('last'),
      };
    } finally {
      this.#running.delete(queryId);
    }
  }

  /** Whether the message was the result of a query, and is dealt with. */
  take(stanza: Xml): boolean {
    const result = stanza.child('result', ns.MAM);
    if (!result) return false;
    const queryId = result.attrs['queryid'] ?? '';
    const messages = this.#running.get(queryId);
    const message = messages && readArchived(stanza, { account: this.#account(), now: this.#now() }, queryId);
    if (message) messages.push(message);
    return true;
  }
}

function queryOf(queryId: string, { peer, before, after, max }: PageWanted): Xml {
  const field = (name: string, value: string, type?: string) =>
    xml('field', ns.DATA, { var: name, type }, xml('value', ns.DATA, {}, value));
  const form = [field('FORM_TYPE', ns.MAM, 'hidden'), ...(peer === undefined ? [] : [field('with', peer)])];
  const set = xml(
    'set',
    ns.RSM,
    {},
    xml('max', ns.RSM, {}, String(max)),
    before === undefined ? undefined : xml('before', ns.RSM, {}, before),
    after === undefined ? undefined : xml('after', ns.RSM, {}, after),
  );
  return xml('query', ns.MAM, { queryid: queryId }, xml('x', ns.DATA, { type: 'submit' }, ...form), set);
}
