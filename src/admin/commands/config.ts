/** Commands on the configuration file. */
import { readFileSync } from 'node:fs';
import { defineLocalCommand, type Plain } from '../command.js';
import { CommandError } from '../command-error.js';

const check = defineLocalCommand({
  category: 'config',
  name: 'check',
  kind: 'query',
  doc: 'Check a mongooseim.toml: every problem with its place. Needs no running server',
  args: { file: { type: 'NonEmptyString', required: true, doc: 'The file.', positional: true } },
  result: { type: 'ConfigReport', doc: 'Whether a server would start with it, problems, and notes.' },
  async runLocally({ file }) {
    // The catalogue of options takes longer to load than most commands take to run.
    const { checkConfigText, reportLines } = await import('../../platform/config/index.js');
    const report = checkConfigText(file, read(file));
    return { result: report as unknown as Plain, lines: reportLines(report), isGood: report.isValid };
  },
});

export const configCommands = [check];

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError('file_not_found', `${file} cannot be read: ${(error as Error).message}`, { file });
  }
}
