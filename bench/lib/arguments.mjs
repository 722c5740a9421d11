/** Reads the options of a bench, of which each has a default, a form and a sentence. */
import { parseArgs } from 'node:util';

export class UsageError extends Error {}

/** A positive whole number. */
export const count = (value, doc) => ({ value, doc, form: 'N', read: readCount });
export const flag = (doc) => ({ value: false, doc });
export const choice = (value, values, doc) => ({ value, doc, form: values.join('|'), read: oneOf(values) });
/** Several of these values, with commas between. */
export const choices = (value, values, doc) => ({
  value,
  doc,
  form: values.join(','),
  read: (text) => text.split(',').map(oneOf(values)),
});

/** Several positive whole numbers, with commas between. */
export const counts = (value, doc) => ({ value, doc, form: 'N,...', read: (text) => text.split(',').map(readCount) });

/** The options by name; throws a `UsageError` that tells what is wrong. */
export function readArguments(command, options, args) {
  const declared = Object.entries(options).map(([name, { read }]) => [name, { type: read ? 'string' : 'boolean' }]);
  const { values } = parse({ args, options: { ...Object.fromEntries(declared), help: { type: 'boolean' } } });
  if (values.help) throw new UsageError(help(command, options));
  return Object.fromEntries(
    Object.entries(options).map(([name, { value, read }]) => {
      const given = values[name];
      if (given === undefined) return [name, value];
      const result = read ? read(given) : given;
      if (result === undefined || result.includes?.(undefined)) throw new UsageError(`--${name} cannot be ${given}.`);
      return [name, result];
    }),
  );
}

function parse(description) {
  try {
    return parseArgs(description);
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function help(command, options) {
  const lines = Object.entries(options).map(([name, { value, form, doc }]) => {
    const usual = form && value !== undefined ? ` (${value})` : '';
    return `  ${`--${name}${form ? ` ${form}` : ''}`.padEnd(36)} ${doc}${usual}`;
  });
  return `Usage: ${command} [options]\n${lines.join('\n')}`;
}

function readCount(text) {
  return /^[0-9]{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

function oneOf(values) {
  return (text) => (values.includes(text) ? text : undefined);
}
