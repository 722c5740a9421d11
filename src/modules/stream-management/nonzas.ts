/** XEP-0198: the elements of stream management, written and read. */
import { type Element, el } from '../../protocol/element.js';
import { type StanzaCondition, StreamError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';

const xmlns = ns.STREAM_MANAGEMENT;
/** Counters are unsigned 32-bit numbers that begin again at 0 (section 4). */
export const COUNTER_RANGE = 2 ** 32;

export const FEATURE = el('sm', { xmlns });
export const REQUEST = `<r xmlns='${xmlns}'/>`;

export function answer(handled: number): string {
  return `<a xmlns='${xmlns}' h='${handled % COUNTER_RANGE}'/>`;
}

export interface Resumable {
  readonly id: string;
  readonly seconds: number;
  readonly location: string | undefined;
}

export function enabled(resumable: Resumable | undefined): Element {
  if (!resumable) return el('enabled', { xmlns });
  const { id, seconds, location } = resumable;
  return el('enabled', { xmlns, id, resume: 'true', max: String(seconds), location });
}

export function resumed(id: string, handled: number): Element {
  return el('resumed', { xmlns, previd: id, h: String(handled % COUNTER_RANGE) });
}

/** `handled` tells what a session that is over has taken in (section 5). */
export function failed(condition: StanzaCondition, handled?: number): Element {
  const h = handled === undefined ? undefined : String(handled % COUNTER_RANGE);
  return el('failed', { xmlns, h }, el(condition, { xmlns: ns.STANZA_ERRORS }));
}

/** Section 6. */
export function tooHigh(h: number, sent: number): StreamError {
  const sendCount = sent % COUNTER_RANGE;
  return new StreamError(
    'undefined-condition',
    `You acknowledged ${h} stanzas, but only ${sendCount} were sent to you`,
    el('handled-count-too-high', { xmlns, h: String(h), 'send-count': String(sendCount) }),
  );
}

/** The attribute `h`; `undefined` when it is no unsigned 32-bit number. */
export function readCount(element: Element): number | undefined {
  return readNumber(element.attrs['h']);
}

/** The client's wish for `max`, in seconds. */
export function readSeconds(element: Element): number | undefined {
  return readNumber(element.attrs['max']);
}

export function wantsResumption(element: Element): boolean {
  const { resume } = element.attrs;
  return resume === 'true' || resume === '1';
}

function readNumber(text: string | undefined): number | undefined {
  const number = /^\+?[0-9]{1,20}$/.test(text?.trim() ?? '') ? Number(text) : Number.NaN;
  return number < COUNTER_RANGE ? number : undefined;
}
