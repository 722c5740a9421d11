/** Queries of archives in stories. */
import type { Element } from 'ltx';
import type { Actor } from './actor.js';

export interface ArchivePage {
  /** The `result` elements, in the order in which they came. */
  readonly results: readonly Element[];
  readonly ids: readonly string[];
  readonly bodies: readonly (string | undefined)[];
  readonly fin: Element;
  readonly isComplete: boolean;
  readonly count: string | undefined;
  readonly index: string | undefined;
  readonly first: string | undefined;
  readonly last: string | undefined;
}

export interface ArchiveQuery {
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  /** What is in `<set/>`. */
  readonly set?: string;
  /** Beside form and set. */
  readonly more?: string;
  readonly ns?: string;
  readonly to?: string;
}

const MAM = 'urn:xmpp:mam:2';
let queries = 0;

export function queryXml({ fields, set, more = '', ns = MAM, to }: ArchiveQuery, queryId: string): string {
  const form = Object.entries(fields ?? {}).map(([name, value]) => {
    const values = (typeof value === 'string' ? [value] : value).map((one) => `<value>${one}</value>`);
    return `<field var='${name}'>${values.join('')}</field>`;
  });
  const type = `<field var='FORM_TYPE' type='hidden'><value>${ns}</value></field>`;
  const x = fields ? `<x xmlns='jabber:x:data' type='submit'>${type}${form.join('')}</x>` : '';
  const rsm = set === undefined ? '' : `<set xmlns='http://jabber.org/protocol/rsm'>${set}</set>`;
  const target = to === undefined ? '' : ` to='${to}'`;
  return `<iq type='set'${target}><query xmlns='${ns}' queryid='${queryId}'>${x}${rsm}${more}</query></iq>`;
}

/** The answer to a query that is refused. */
export function refused(actor: Actor, query: ArchiveQuery): Promise<Element> {
  return actor.asks(queryXml(query, 'refused'));
}

export async function archive(actor: Actor, query: ArchiveQuery = {}): Promise<ArchivePage> {
  const queryId = `query-${queries++}`;
  const answer = await actor.asks(queryXml(query, queryId));
  const fin = answer.getChild('fin', query.ns ?? MAM);
  if (!fin) throw new Error(`no page: ${answer}`);
  const results: Element[] = [];
  for (const stanza of actor.client.takeAll()) {
    const result = stanza.getChild('result', query.ns ?? MAM);
    if (result?.attrs['queryid'] === queryId) results.push(result);
  }
  const set = fin.getChild('set', 'http://jabber.org/protocol/rsm');
  return {
    results,
    ids: results.map((result) => result.attrs['id']),
    bodies: results.map((result) => forwarded(result).getChildText('body') ?? undefined),
    fin,
    isComplete: fin.attrs['complete'] === 'true',
    count: set?.getChildText('count') ?? undefined,
    index: set?.getChild('first')?.attrs['index'],
    first: set?.getChildText('first') ?? undefined,
    last: set?.getChildText('last') ?? undefined,
  };
}

/** The bodies of everything in an archive, page by page. */
export async function wholeArchive(actor: Actor): Promise<string[]> {
  const bodies: string[] = [];
  let set = '<max>50</max>';
  for (let isComplete = false; !isComplete; ) {
    const page = await archive(actor, { set });
    bodies.push(...page.bodies.map((body) => body ?? ''));
    set = `<max>50</max><after>${page.last}</after>`;
    isComplete = page.isComplete;
  }
  return bodies;
}

/** The message in a result. */
export function forwarded(result: Element): Element {
  const message = result.getChild('forwarded', 'urn:xmpp:forward:0')?.getChild('message', 'jabber:client');
  if (!message) throw new Error(`nothing is forwarded: ${result}`);
  return message;
}

/** Sends messages to somebody who is there, and waits until they have come. */
export async function converse(from: Actor, to: Actor, bodies: readonly string[]): Promise<Element[]> {
  const came: Element[] = [];
  for (const body of bodies)
    from.send(`<message to='${to.jid}' type='chat' id='id-${body}'><body>${body}</body></message>`);
  for (const body of bodies) came.push(await to.receives(`<message from='${from.jid}'><body>${body}</body></message>`));
  return came;
}
