/** The shape of an administrators' command: defined once, for the command line and every other way in. */
import type { ArgTypes } from './arguments.js';
import type { AdminContext } from './context.js';

export interface ArgSpec {
  readonly type: keyof ArgTypes;
  readonly required: boolean;
  readonly doc: string;
  /** Not logged. */
  readonly secret?: boolean;
  /** On the command line its value may stand without its name. */
  readonly positional?: boolean;
}

export type ArgSpecs = Readonly<Record<string, ArgSpec>>;

export type ArgsOf<A extends ArgSpecs> = {
  readonly [K in keyof A]: A[K]['required'] extends true ? ArgTypes[A[K]['type']] : ArgTypes[A[K]['type']] | undefined;
};

/** What JSON can say. */
export type Plain = string | number | boolean | null | readonly Plain[] | { readonly [key: string]: Plain };

interface CommandFacts<A extends ArgSpecs> {
  readonly category: CommandCategory;
  readonly name: string;
  /** A query changes nothing. */
  readonly kind: 'query' | 'mutation';
  readonly doc: string;
  readonly args: A;
  /** The type by its name in MongooseIM's schema, and what it says. */
  readonly result: { readonly type: string; readonly doc: string };
}

export interface ServerCommand<A extends ArgSpecs = ArgSpecs> extends CommandFacts<A> {
  /** Throws `CommandError` for what is not the server's fault. */
  run(context: AdminContext, args: ArgsOf<A>): Promise<Plain>;
}

/** Runs in the command line and needs no server: it acts on files of the person who calls. */
export interface LocalCommand<A extends ArgSpecs = ArgSpecs> extends CommandFacts<A> {
  runLocally(args: ArgsOf<A>): Promise<LocalResult>;
}

export interface LocalResult {
  readonly result: Plain;
  /** The same for people. */
  readonly lines: readonly string[];
  /** Decides the exit status. */
  readonly isGood: boolean;
}

// biome-ignore lint/suspicious/noExplicitAny: a registry holds commands of all arguments
export type AnyCommand = ServerCommand<any> | LocalCommand<any>;

export const categories = {
  account: 'Accounts: register, remove, list, check, ban',
  config: 'The configuration file',
  metric: 'What is measured',
  server: 'The running server: status, stop, log level, certificates',
  session: 'Sessions: list, count, kick',
} as const;

export type CommandCategory = keyof typeof categories;

export function defineCommand<const A extends ArgSpecs>(command: ServerCommand<A>): ServerCommand<A> {
  return command;
}

export function defineLocalCommand<const A extends ArgSpecs>(command: LocalCommand<A>): LocalCommand<A> {
  return command;
}
