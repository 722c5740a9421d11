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

/** Any text, such as a path or an address. */
export const text = (value, form, doc) => ({ value, doc, form, read: (given) => given });
/** An option that may be given several times: the texts in their order. */
export const texts = (form, doc) => ({ value: [], doc, form, isRepeated: true });

/**
 * The options by name as `values`, and what stands beside them as `operands`, where `operands` names them for the help; without that
 * there may be none. Throws a `UsageError` that tells what is wrong.
 */
export function readArguments(command, options, args, operands) {
  const declared = Object.entries(options).map(([name, { read, isRepeated }]) => [
    name,
    { type: read || isRepeated ? 'string' : 'boolean', multiple: isRepeated === true },
  ]);
  const { values, positionals } = parse({
    args,
    options: { ...Object.fromEntries(declared), help: { type: 'boolean' } },
    allowPositionals: operands !== undefined,
  });
  if (values.help) throw new UsageError(help(command, options, operands));
  const given = Object.entries(options).map(([name, option]) => [name, readValue(name, option, values[name])]);
  return { values: Object.fromEntries(given), operands: positionals };
}

function readValue(name, { value, read }, given) {
  if (given === undefined) return value;
  const result = read ? read(given) : given;
  if (result === undefined || result.includes?.(undefined)) throw new UsageError(`--${name} cannot be ${given}.`);
  return result;
}

function parse(description) {
  try {
    return parseArgs(description);
  } catch (error) {
    throw new UsageError(error.message);
  }
}

function help(command, options, operands) {
  const lines = Object.entries(options).map(([name, { value, form, doc }]) => {
    const usual = form && value !== undefined && value.length !== 0 ? ` (${value})` : '';
    return `  ${`--${name}${form ? ` ${form}` : ''}`.padEnd(36)} ${doc}${usual}`;
  });
  return `Usage: ${command}${operands ? ` ${operands}` : ''} [options]\n${lines.join('\n')}`;
}

function readCount(text) {
  return /^[0-9]{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : undefined;
}

function oneOf(values) {
  return (text) => (values.includes(text) ? text : undefined);
}
