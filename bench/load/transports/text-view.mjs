/** Shows an element that came as text of its own, such as a frame of a WebSocket, in the way of `ArenaView`. */
import { stanzaKind } from './arena-view.mjs';

const KINDS = { message: stanzaKind.MESSAGE, presence: stanzaKind.PRESENCE, iq: stanzaKind.IQ };

export class TextView {
  #tag = '';
  text = '';

  at(text) {
    this.text = text;
    this.#tag = text.slice(0, text.indexOf('>') + 1);
    return this;
  }

  get kind() {
    return KINDS[/^<([a-z]+)[\s/>]/.exec(this.#tag)?.[1]] ?? stanzaKind.NONZA;
  }

  get type() {
    return this.#attribute(/\stype=(?:"([^"]*)"|'([^']*)')/) ?? '';
  }

  get id() {
    return this.#attribute(/\sid=(?:"([^"]*)"|'([^']*)')/);
  }

  get from() {
    return this.#attribute(/\sfrom=(?:"([^"]*)"|'([^']*)')/);
  }

  #attribute(pattern) {
    const found = pattern.exec(this.#tag);
    return found ? (found[1] ?? found[2]) : undefined;
  }
}

const TAG = /<(\/?)[^\s/>!?]+(?:"[^"]*"|'[^']*'|[^>"'])*>/g;

/** The start tag of an element, and its children as texts; text beside them is left out. */
export function partsOf(xml) {
  const children = [];
  let [head, depth, start] = ['', 0, 0];
  for (const { 0: tag, 1: slash, index } of xml.matchAll(TAG)) {
    const isEmpty = tag.endsWith('/>');
    if (depth === 0 && head === '') head = tag;
    else if (depth === 1 && slash === '') start = index;
    if (slash === '' && !isEmpty) depth++;
    else if (slash !== '') depth--;
    if (depth === 1 && start > 0 && (isEmpty || slash !== '')) children.push(xml.slice(start, index + tag.length));
  }
  return { head, children };
}

/** Stanzas lean on the namespace of a stream header; where there is none they have to say it. */
export function withNamespace(xml) {
  const name = /^<(message|presence|iq)(?=[\s/>])/.exec(xml)?.[0];
  return name === undefined ? xml : `${name} xmlns='jabber:client'${xml.slice(name.length)}`;
}
