/** Fills in the configurations in which the servers are compared. */
import { readFileSync } from 'node:fs';

const PLACE = /@([a-zA-Z]+)@/g;

/** Every place of the text has to have a value, and every value a place. */
export function filledIn(text, values) {
  const missing = new Set(Object.keys(values));
  const filled = text.replace(PLACE, (_, name) => {
    if (!Object.hasOwn(values, name)) throw new Error(`nothing is known for @${name}@`);
    missing.delete(name);
    return String(values[name]);
  });
  if (missing.size > 0) throw new Error(`there is no place for ${[...missing].join(', ')}`);
  return filled;
}

/** One of the files beside this one. */
export function config(name, values) {
  const text = readFileSync(new URL(`./configs/${name}`, import.meta.url), 'utf8');
  return filledIn(text, values);
}
