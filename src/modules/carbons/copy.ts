/** XEP-0280 sections 7 and 8: the messages that carry copies, written as text around the text of the original. */
import type { Session } from '../../core/sessions/session.js';
import { ns } from '../../protocol/namespaces.js';
import { type Parse, Stanza } from '../../protocol/stanza.js';
import { escapeXml } from '../../protocol/xml-text.js';
import type { Direction } from './eligible.js';

/** What a client has enabled. */
export type CarbonsVersion = typeof ns.CARBONS | typeof ns.CARBONS_1;

/** The copies of one message; its text is written once, for as many clients as there are. */
export class Copies {
  readonly #original: () => Stanza;
  readonly #type: string;
  readonly #direction: Direction;
  readonly #parse: Parse;
  #forwarded: string | undefined;

  /** `original` tells what is copied once there is somebody to have it. */
  constructor(type: string, direction: Direction, original: () => Stanza, parse: Parse) {
    this.#type = type === '' ? 'normal' : type;
    this.#direction = direction;
    this.#original = original;
    this.#parse = parse;
  }

  /** From the account itself, for which the clients look (section 11). */
  for(session: Session, version: CarbonsVersion): Stanza {
    const { jid } = session;
    const from = session.account.jid;
    this.#forwarded ??= `<forwarded xmlns='${ns.FORWARD}'>${this.#original().toStandaloneXml()}</forwarded>`;
    const attributes = `from='${from.toXml()}' to='${jid.toXml()}' type='${escapeXml(this.#type)}'`;
    const xml = `<message ${attributes}>${this.#wrap(version, this.#forwarded)}</message>`;
    const fields = { name: 'message', type: this.#type, to: jid, from, id: undefined, lang: undefined } as const;
    return Stanza.fromText(fields, xml, this.#parse);
  }

  /** COMPAT(old clients): in the first version the forwarded message stands beside the element that tells the direction. */
  #wrap(version: CarbonsVersion, forwarded: string): string {
    const direction = this.#direction;
    if (version === ns.CARBONS_1) return `<${direction} xmlns='${version}'/>${forwarded}`;
    return `<${direction} xmlns='${version}'>${forwarded}</${direction}>`;
  }
}
