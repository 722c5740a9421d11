/** A stanza that is kept for long and read now and then: its text takes a fraction of what its tree does. */
import { Element } from './element.js';
import type { Jid } from './jid.js';
import { ns } from './namespaces.js';
import { Stanza } from './stanza.js';

/** Parses one element; `undefined` when it cannot. */
export type Parse = (xml: string) => Element | undefined;

export class RestingStanza {
  readonly #name: string;
  readonly #from: Jid;
  readonly #xml: string;
  readonly #parse: Parse;

  private constructor(name: string, from: Jid, xml: string, parse: Parse) {
    this.#name = name;
    this.#from = from;
    this.#xml = xml;
    this.#parse = parse;
  }

  /** Of a stanza with a sender and without `to`. The stanza itself comes back where its text would not be read as the same again. */
  static of(stanza: Stanza, parse: Parse): RestingStanza | Stanza {
    const { from, to } = stanza;
    if (!from || to) return stanza;
    const tree = stanza.tree();
    const { from: _, ...attrs } = tree.attrs;
    const xml = new Element(tree.name, tree.ns, attrs, tree.children).toXml(ns.CLIENT);
    if (parse(xml)?.toXml(ns.CLIENT) !== xml) return stanza;
    return new RestingStanza(tree.name, from, xml, parse);
  }

  /** Made anew by every call. */
  stanza(): Stanza {
    // What has been read once fails only when the engine has stopped, and nobody will see any stanza.
    const tree = this.#parse(this.#xml) ?? new Element(this.#name, ns.CLIENT);
    return Stanza.fromElement(tree, undefined, this.#from);
  }
}
