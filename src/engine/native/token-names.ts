/** Names and namespaces that the engine gives as numbers, so that no string is made of them for each element. */
import { ns } from '../../protocol/namespaces.js';

const names = [
  'message presence iq body subject thread show status priority error text query item group feature identity',
  'to from id type xml:lang xmlns version jid name subscription ask node var category code by stamp ver hash',
  'stream auth response challenge success abort mechanism bind resource session starttls ping vCard x c',
  'active composing paused inactive gone request received private enable disable resumed resume r a h',
  'field value option form reported required title instructions username password register remove',
  'delay forwarded result fin set first last max before after count store no-store no-copy sent',
];

export const tokenNames: readonly string[] = [
  ...new Set([...Object.values(ns), ...names.flatMap((line) => line.split(' '))]),
];
