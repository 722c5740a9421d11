/** Why something was refused: the condition that the server named, or one of our own. */
import { ns } from './namespaces.js';
import type { Xml } from './xml.js';

export class Failure extends Error {
  readonly condition: string;

  constructor(condition: string, text?: string) {
    super(text ?? condition);
    this.name = 'Failure';
    this.condition = condition;
  }

  /** From a stanza of type `error`. */
  static ofStanza(stanza: Xml): Failure {
    const error = stanza.child('error');
    const condition = error?.elements.find((one) => one.ns === ns.STANZA_ERRORS && one.name !== 'text');
    return new Failure(condition?.name ?? 'undefined-condition', error?.childText('text', ns.STANZA_ERRORS));
  }

  /** From a stream error. */
  static ofStream(element: Xml): Failure {
    const condition = element.elements.find((one) => one.ns === ns.STREAM_ERRORS && one.name !== 'text');
    return new Failure(condition?.name ?? 'undefined-condition', element.childText('text', ns.STREAM_ERRORS));
  }
}
