/**
 * What a stream and the session of BOSH that carries it tell each other of frames that the client has. Neither text goes to the client;
 * one that says `<delivered/>` itself gives up messages of its own, and no others.
 */
import type { Element } from '../../protocol/element.js';

const NS = 'urn:x-meerkat:delivered';

/** To the session: frames are counted from here on. */
export const COUNT = `<count xmlns='${NS}'/>`;
export const COUNT_TAG = '<count ';

/** To the stream: the client has so many of them. */
export function delivered(frames: number): string {
  return `<delivered xmlns='${NS}' frames='${frames}'/>`;
}

/** Undefined for any other element. */
export function readDelivered(element: Element): number | undefined {
  if (!element.is('delivered', NS)) return undefined;
  const frames = Number(element.attrs['frames']);
  return Number.isSafeInteger(frames) ? frames : 0;
}
