/** Runs a command by its name with values from outside: the border at which failures become answers. */
import { nearest } from '../platform/config/nearest.js';
import type { Logger } from '../platform/log.js';
import { readArguments } from './arguments.js';
import type { AnyCommand, ArgSpecs, Plain } from './command.js';
import { CommandError } from './command-error.js';
import type { AdminContext } from './context.js';

export interface CommandCall {
  readonly category: string;
  readonly command: string;
  readonly args: Readonly<Record<string, unknown>>;
}

export interface Dispatcher {
  /** Rejects with nothing but `CommandError`. */
  run(call: CommandCall): Promise<Plain>;
}

export function makeDispatcher(commands: readonly AnyCommand[], context: AdminContext, log: Logger): Dispatcher {
  return {
    async run(call) {
      const command = findCommand(commands, call.category, call.command);
      if (!('run' in command)) {
        throw new CommandError(
          'command_not_remote',
          `${call.category} ${call.command} runs in the command line itself`,
        );
      }
      const args = readArguments(command.args as ArgSpecs, call.args);
      if (command.kind === 'mutation') {
        const { category, name } = command;
        log.notice('admin.command', { category, command: name, args: publicArgs(command.args, args) });
      }
      try {
        return await command.run(context, args);
      } catch (error) {
        if (error instanceof CommandError) throw error;
        log.error('admin.command.crashed', { category: call.category, command: call.command, error });
        throw new CommandError('internal_server_error', 'the server failed to do this; its log says why');
      }
    },
  };
}

/** Throws `CommandError` with the nearest name. */
export function findCommand(commands: readonly AnyCommand[], category: string, name: string): AnyCommand {
  const inCategory = commands.filter((command) => command.category === category);
  if (inCategory.length === 0) {
    throw new CommandError(
      'unknown_category',
      unknown('category', category, new Set(commands.map((one) => one.category))),
    );
  }
  const found = inCategory.find((command) => command.name === name);
  if (found) return found;
  throw new CommandError(
    'unknown_command',
    unknown(
      `command of ${category}`,
      name,
      inCategory.map((one) => one.name),
    ),
  );
}

function unknown(what: string, name: string, known: Iterable<string>): string {
  const guess = nearest(name.slice(0, 100), known);
  return `there is no ${what} named ${name.slice(0, 100)}${guess ? `; did you mean ${guess}?` : ''}`;
}

function publicArgs(specs: ArgSpecs, args: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(args).filter(([name]) => !specs[name]?.secret));
}
