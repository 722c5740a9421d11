/** The command line, made from the list of commands. */
import { Command, CommanderError, Option } from 'commander';
import { argTypes, readArguments } from '../arguments.js';
import {
  type AnyCommand,
  type ArgSpec,
  type ArgSpecs,
  type CommandCategory,
  categories,
  type LocalCommand,
  type Plain,
} from '../command.js';
import { CommandError } from '../command-error.js';
import { findCommand } from '../dispatch.js';
import { ask, CommandFailed, ServerUnreachable } from './client.js';
import { renderData, renderError, renderForPeople } from './render.js';

/** MongooseIM's exit statuses. */
export const exitCode = { success: 0, error: 1, usage: 2, unreachable: 3 } as const;

export interface CtlOptions {
  /** The name that it was called by. As `mongooseimctl` it prints JSON, as that one does. */
  readonly name: string;
  readonly version: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly commands: readonly AnyCommand[];
  readonly print: (text: string) => void;
  readonly printError: (text: string) => void;
}

interface GlobalOptions {
  readonly data: string;
  readonly json?: boolean;
  readonly timeout: number;
}

/** Returns the exit status. */
export async function runCtl(args: readonly string[], options: CtlOptions): Promise<number> {
  const outcome = { code: exitCode.success as number };
  const program = buildProgram(options, outcome);
  if (args.length === 0) {
    options.print(program.helpInformation());
    return exitCode.usage;
  }
  try {
    await program.parseAsync(args, { from: 'user' });
    return outcome.code;
  } catch (error) {
    // Commander has said what is wrong already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.success : exitCode.error;
    throw error;
  }
}

function buildProgram(options: CtlOptions, outcome: { code: number }): Command {
  const program = quiet(new Command(options.name), options)
    .description('Administers the Meerkat server that runs with a data directory on this machine.')
    .version(options.version, '--version')
    .option(
      '--data <dir>',
      'data directory of the server (or set MEERKAT_DATA)',
      options.env['MEERKAT_DATA'] || './data',
    )
    .option('--json', 'print JSON as GraphQL answers it', options.name.startsWith('mongooseimctl'))
    .addOption(new Option('--timeout <seconds>', 'wait so long for the server').default(60).argParser(seconds))
    .helpCommand('help [command]', 'explain a command');
  const global = () => program.opts<GlobalOptions>();
  for (const category of Object.keys(categories) as CommandCategory[]) {
    const group = addCategory(program, category, options, outcome);
    for (const command of options.commands.filter((one) => one.category === category)) {
      addCommand(group, command, options, global, outcome);
    }
  }
  // MongooseIM's script has these without a category, and so have init scripts.
  for (const name of ['status', 'stop']) {
    const command = options.commands.find((one) => one.category === 'server' && one.name === name);
    if (command) addCommand(program, command, options, global, outcome);
  }
  return program;
}

/** Without a command of its own it lists those that it has. */
function addCategory(
  program: Command,
  category: CommandCategory,
  options: CtlOptions,
  outcome: { code: number },
): Command {
  const group = quiet(program.command(category), options)
    .description(categories[category])
    .usage('<command> [arguments]');
  group.helpCommand(false).argument('[command]').allowUnknownOption().allowExcessArguments();
  return group.action((name?: string) => {
    if (name === undefined) return options.print(group.helpInformation().trimEnd());
    try {
      findCommand(options.commands, category, name);
    } catch (error) {
      options.printError((error as Error).message);
      outcome.code = exitCode.error;
    }
  });
}

function addCommand(
  parent: Command,
  definition: AnyCommand,
  options: CtlOptions,
  global: () => GlobalOptions,
  outcome: { code: number },
): void {
  const command = quiet(parent.command(definition.name), options).description(`${definition.doc}.`);
  const specs = Object.entries(definition.args as ArgSpecs);
  const positional = specs.find(([, spec]) => spec.positional)?.[0];
  if (positional) command.argument(`[${positional}]`, specs.find(([name]) => name === positional)![1].doc);
  for (const [name, spec] of specs) command.addOption(optionOf(name, spec));
  command.action(async (...given: unknown[]) => {
    const values: Record<string, unknown> = { ...command.opts() };
    if (positional && given[0] !== undefined) values[positional] ??= given[0];
    outcome.code = await execute(definition, values, options, global());
  });
}

function optionOf(name: string, { type, required, doc }: ArgSpec): Option {
  const text = `${doc} ${argTypes[type].doc.charAt(0).toUpperCase()}${argTypes[type].doc.slice(1)}${required ? '; required' : ''}.`;
  const option = new Option(`--${name} <${type}>`, text);
  if (type === '[String]') return option.argParser(listIfOne);
  return type === 'PosInt' || type === 'NonNegInt' ? option.argParser(numberIfOne) : option;
}

async function execute(
  definition: AnyCommand,
  values: Record<string, unknown>,
  options: CtlOptions,
  { data, json, timeout }: GlobalOptions,
): Promise<number> {
  const { category, name } = definition;
  const show = (result: Plain) => options.print(json ? renderData(category, name, result) : renderForPeople(result));
  try {
    const args = readArguments(definition.args, values);
    if ('runLocally' in definition) return await runLocally(definition, args, options, json ?? false);
    const onProgress = (text: string) => options.printError(text);
    show(
      await ask({ category, command: name, args: values }, { dataDir: data, timeoutMs: timeout * 1000, onProgress }),
    );
    return exitCode.success;
  } catch (error) {
    if (error instanceof ServerUnreachable) {
      options.printError(error.message);
      return exitCode.unreachable;
    }
    if (!(error instanceof CommandError || error instanceof CommandFailed)) throw error;
    if (json) options.print(renderError(category, name, error));
    else options.printError(`${error.message} (${error.code})`);
    return exitCode.error;
  }
}

async function runLocally(
  command: LocalCommand,
  args: Record<string, unknown>,
  options: CtlOptions,
  json: boolean,
): Promise<number> {
  const { result, lines, isGood } = await command.runLocally(args as never);
  options.print(json ? renderData(command.category, command.name, result) : lines.join('\n'));
  return isGood ? exitCode.success : exitCode.error;
}

/** Commander throws instead of ending the process, and writes where we say. */
function quiet(command: Command, { print, printError }: CtlOptions): Command {
  return (
    command
      .exitOverride()
      // No short form: values of arguments may begin with a dash.
      .helpOption('--help', 'explain')
      .configureOutput({
        writeOut: (text) => print(text.trimEnd()),
        writeErr: (text) => printError(text.trimEnd()),
      })
      .showHelpAfterError(`(${command.name()} --help explains)`)
  );
}

/** As MongooseIM's command line takes a list: in JSON. */
function listIfOne(text: string): unknown {
  if (!text.startsWith('[')) return text;
  try {
    return JSON.parse(text);
  } catch {
    // Said of it where it is read: it is no list.
    return { text };
  }
}

function numberIfOne(text: string): unknown {
  return /^\d+$/.test(text) ? Number(text) : text;
}

function seconds(text: string): number {
  const value = Number(text);
  if (value > 0 && value <= 86_400) return value;
  throw new CommanderError(exitCode.error, 'meerkat.timeout', `error: --timeout: ${text} is not a number of seconds`);
}
