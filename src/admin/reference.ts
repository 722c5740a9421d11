/** The reference page of commands, written from their definitions. */
import { argTypes } from './arguments.js';
import { type AnyCommand, type ArgSpecs, type CommandCategory, categories } from './command.js';
import { commandErrors } from './command-error.js';

export function commandReference(commands: readonly AnyCommand[]): string {
  const inCategories = (Object.keys(categories) as CommandCategory[]).flatMap((category) => [
    `## ${category}`,
    '',
    `${categories[category]}.`,
    '',
    ...commands.filter((command) => command.category === category).flatMap(describe),
  ]);
  return [
    '# Commands',
    '',
    'Generated from the definitions in `src/admin/commands` by `scripts/generate-command-reference.mjs`.',
    '',
    'Every command has the name, the arguments and the result that it has in MongooseIM. On the command line:',
    '`meerkatctl CATEGORY COMMAND --argument value`; called as `mongooseimctl`, or with `--json`, it prints what GraphQL would answer.',
    'Exit status: 0 done, 1 failed, 2 called without arguments, 3 no server answers.',
    '',
    ...inCategories,
    '## Types of arguments',
    '',
    '| type | value |',
    '| --- | --- |',
    ...Object.entries(argTypes).map(([name, { doc }]) => `| ${name} | ${doc} |`),
    '',
    '## Errors',
    '',
    '| code | what it says |',
    '| --- | --- |',
    ...Object.entries(commandErrors).map(([code, doc]) => `| \`${code}\` | ${doc} |`),
    '',
  ].join('\n');
}

function describe({ category, name, kind, doc, args, result }: AnyCommand): string[] {
  const specs = Object.entries(args as ArgSpecs);
  const table = [
    '| argument | type | |',
    '| --- | --- | --- |',
    ...specs.map(([arg, spec]) => `| \`--${arg}\` | ${spec.type}${spec.required ? '!' : ''} | ${spec.doc} |`),
    '',
  ];
  return [
    `### ${category} ${name}`,
    '',
    `${doc} (${kind}).`,
    '',
    ...(specs.length > 0 ? table : []),
    `Result: \`${result.type}\`. ${result.doc}`,
    '',
  ];
}
