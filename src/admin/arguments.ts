/** The types of commands' arguments, and how values from outside become them. */
import { nearest } from '../platform/config/nearest.js';
import { isLogLevel, type LogLevel, logLevels } from '../platform/log/levels.js';
import { Jid, prepareDomain, prepareLocal } from '../protocol/jid.js';
import type { ArgSpec, ArgSpecs } from './command.js';
import { CommandError } from './command-error.js';

/** Under the names of MongooseIM's schema. */
export interface ArgTypes {
  JID: Jid;
  BareJID: Jid;
  FullJID: Jid;
  DomainName: string;
  UserName: string;
  String: string;
  NonEmptyString: string;
  '[String]': readonly string[];
  PosInt: number;
  NonNegInt: number;
  LogLevel: LogLevel;
}

interface TypeRule {
  readonly doc: string;
  /** Undefined when the value does not fit. */
  readonly parse: (value: unknown) => unknown;
}

const MAX_INT = 2 ** 31 - 1;

const text = (parse: (value: string) => unknown) => (value: unknown) =>
  typeof value === 'string' ? parse(value) : undefined;
const whole = (from: number) => (value: unknown) =>
  Number.isInteger(value) && (value as number) >= from && (value as number) <= MAX_INT ? value : undefined;
const jid = (fits: (jid: Jid) => boolean) =>
  text((value) => {
    const parsed = Jid.parse(value);
    return parsed && fits(parsed) ? parsed : undefined;
  });

/** GraphQL section 3.12 (input coercion of lists): one value stands for a list of one. */
function texts(value: unknown): readonly string[] | undefined {
  const list = Array.isArray(value) ? value : [value];
  return list.every((one) => typeof one === 'string') ? list : undefined;
}

export const argTypes: Readonly<Record<keyof ArgTypes, TypeRule>> = {
  JID: { doc: 'an address, such as alice@example.org', parse: jid(() => true) },
  BareJID: { doc: 'an address without a resource, such as alice@example.org', parse: jid((one) => one.isBare) },
  FullJID: { doc: 'an address with a resource, such as alice@example.org/phone', parse: jid((one) => !one.isBare) },
  DomainName: { doc: 'a domain', parse: text(prepareDomain) },
  UserName: {
    doc: 'the part of an address before the @',
    parse: text((value) => (value === '' ? undefined : prepareLocal(value))),
  },
  String: { doc: 'text', parse: text((value) => value) },
  NonEmptyString: { doc: 'text that is not empty', parse: text((value) => (value === '' ? undefined : value)) },
  '[String]': { doc: 'a list such as ["one", "two"], or one text alone', parse: texts },
  PosInt: { doc: 'a whole number above 0', parse: whole(1) },
  NonNegInt: { doc: 'a whole number from 0', parse: whole(0) },
  LogLevel: {
    doc: `one of ${logLevels.join(', ')}`,
    parse: text((value) => (isLogLevel(value.toLowerCase()) ? value.toLowerCase() : undefined)),
  },
};

/** Throws `CommandError` for the first argument that is unknown, missing or not of its type. */
export function readArguments(specs: ArgSpecs, values: Readonly<Record<string, unknown>>): Record<string, unknown> {
  for (const name of Object.keys(values)) {
    if (!Object.hasOwn(specs, name)) throw unknownArgument(name, specs);
  }
  const args: Record<string, unknown> = {};
  for (const [name, spec] of Object.entries(specs)) args[name] = readArgument(name, spec, values[name] ?? undefined);
  return args;
}

function readArgument(name: string, spec: ArgSpec, value: unknown): unknown {
  const { doc, parse } = argTypes[spec.type];
  if (value === undefined) {
    if (spec.required) throw new CommandError('missing_argument', `--${name} is missing: ${doc}`, { argument: name });
    return undefined;
  }
  const parsed = parse(value);
  if (parsed !== undefined) return parsed;
  const given = spec.secret ? 'the value' : JSON.stringify(value).slice(0, 100);
  throw new CommandError('invalid_argument', `--${name}: ${given} is not ${doc}`, { argument: name });
}

function unknownArgument(name: string, specs: ArgSpecs): CommandError {
  const guess = nearest(name, Object.keys(specs));
  const hint = guess ? `; did you mean --${guess}?` : '';
  return new CommandError('unknown_argument', `there is no argument --${name.slice(0, 100)}${hint}`, {
    argument: name.slice(0, 100),
  });
}
