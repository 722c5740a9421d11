/** The kinds of values that a profile may hold: each tells what is wrong with a value, and how it is written on the command line. */

/** `check` returns what is wrong, `read` makes a value of a text of the command line. */
const kind = (form, check, read) => (value, doc) => ({ value, doc, form, check, read });

const isNumber = (value) => typeof value === 'number' && Number.isFinite(value);
const toNumber = (text) => (text.trim() === '' ? Number.NaN : Number(text));

/** A positive whole number. */
export const count = kind(
  'a positive whole number',
  (value) => Number.isInteger(value) && value > 0 && value <= 1e9,
  toNumber,
);
/** A whole number, of which 0 means none or no limit. */
export const countOrNone = kind(
  'a whole number, 0 or more',
  (value) => Number.isInteger(value) && value >= 0 && value <= 1e9,
  toNumber,
);
/** Seconds, rates and the like. */
export const amount = kind('a number, 0 or more', (value) => isNumber(value) && value >= 0, toNumber);
export const flag = kind(
  'true or false',
  (value) => typeof value === 'boolean',
  (text) => ({ true: true, false: false })[text],
);
export const text = kind(
  'a text',
  (value) => typeof value === 'string',
  (given) => given,
);
export const choice = (value, values, doc) => ({
  ...{ value, doc, values, form: `one of ${values.map((one) => JSON.stringify(one)).join(', ')}` },
  check: (given) => values.includes(given),
  read: (given) => given,
});
export const port = kind(
  'a port, 0 to 65535',
  (value) => Number.isInteger(value) && value >= 0 && value <= 65_535,
  toNumber,
);

/** What is wrong with a value, or nothing. */
export function problemOf(option, value) {
  return option.check(value) ? undefined : `expected ${option.form}, got ${JSON.stringify(value)}`;
}

/** The defaults of a section. */
export function defaultsOf(options) {
  return Object.fromEntries(Object.entries(options).map(([name, { value }]) => [name, value]));
}
