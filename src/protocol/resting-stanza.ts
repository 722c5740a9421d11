/** A stanza that is kept for long and read now and then: its text takes a fraction of what its tree does. */
import type { Jid } from './jid.js';
import { ns } from './namespaces.js';
import { LATER, type Parse, Stanza, type StanzaName } from './stanza.js';
import { insertAttribute, rawAttributeInText } from './stanza-text.js';
import { unescapeXml } from './xml-text.js';

export class RestingStanza {
  readonly #name: StanzaName;
  readonly #from: Jid;
  /** Without addresses. */
  readonly #xml: string;
  readonly #parse: Parse;

  private constructor(name: StanzaName, from: Jid, xml: string, parse: Parse) {
    this.#name = name;
    this.#from = from;
    this.#xml = xml;
    this.#parse = parse;
  }

  /** Of a stanza with a sender and without `to`. The stanza itself comes back where its text would not be read as the same again. */
  static of(stanza: Stanza, parse: Parse): RestingStanza | Stanza {
    const { name, from, to } = stanza;
    if (!from || to) return stanza;
    const xml = compact(stanza.readdressed(undefined, undefined).toXml());
    // What a client has written was read as it stands.
    if (!stanza.isText && parse(xml)?.toXml(ns.CLIENT) !== xml) return stanza;
    return new RestingStanza(name, from, xml, parse);
  }

  /** Made anew by every call. */
  stanza(): Stanza {
    const xml = this.#xml;
    const value = (name: string) => {
      const raw = rawAttributeInText(xml, name);
      return raw === undefined ? undefined : unescapeXml(raw);
    };
    const lang = value('xml:lang');
    const fields = {
      name: this.#name,
      type: value('type') ?? '',
      to: undefined,
      from: this.#from,
      id: LATER,
      lang,
    } as const;
    return Stanza.fromText(fields, insertAttribute(xml, 'from', this.#from.toXml()), this.#parse);
  }
}

/** A text of its own: a part of a longer one would keep all of it. */
function compact(xml: string): string {
  return Buffer.from(xml).toString();
}
