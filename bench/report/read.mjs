/** Reads files of results: of one run, or of a comparison with many. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { UsageError } from '../lib/arguments.mjs';

export const RUN_FORMAT = 'meerkat-bench 1';
export const COMPARISON_FORMAT = 'meerkat-bench comparison 1';

/** What the report cannot do without, and of which kind it is. */
const NEEDED = {
  'profile.name': 'string',
  'target.name': 'string',
  seconds: 'number',
  operations: 'object',
};

/**
 * The runs of these files, and the remarks of those that are comparisons. Runs of one file with the same target are repetitions; those
 * of different files never are, so when two files have the same target their names are told beside it.
 */
export function readResults(files) {
  const read = files.map((file) => ({ file, ...readFile(file) }));
  const filesOf = new Map();
  for (const { file, runs } of read)
    for (const run of runs) filesOf.set(run.target.name, (filesOf.get(run.target.name) ?? new Set()).add(file));
  const labelled = read.flatMap(({ file, runs }) =>
    runs.map((run) => {
      const { name } = run.target;
      return { ...run, label: filesOf.get(name).size > 1 ? `${name} (${named(file, files)})` : (run.label ?? name) };
    }),
  );
  return { runs: labelled, remarks: read.flatMap(({ remarks }) => remarks) };
}

/** As short as tells it from the others. */
function named(file, files) {
  const short = basename(file, '.json');
  return files.filter((other) => basename(other, '.json') === short).length > 1 ? file : short;
}

function readFile(file) {
  let content;
  try {
    content = JSON.parse(readFileSync(file, 'utf8'));
  } catch (error) {
    throw new UsageError(`${file} cannot be read: ${error.message}`);
  }
  const { runs, remarks = [] } = content?.format === COMPARISON_FORMAT ? content : { runs: [content] };
  if (!Array.isArray(runs) || runs.length === 0) throw new UsageError(`${file} has no runs.`);
  for (const [index, run] of runs.entries()) {
    const problem = problemOf(run);
    if (problem) throw new UsageError(`${file}${runs.length > 1 ? `, run ${index + 1}` : ''}: ${problem}`);
  }
  return { runs, remarks };
}

function problemOf(run) {
  if (run?.format !== RUN_FORMAT) return `this is no result of a run: its format is not '${RUN_FORMAT}'.`;
  for (const [path, kind] of Object.entries(NEEDED)) {
    const value = path.split('.').reduce((part, key) => part?.[key], run);
    if (typeof value !== kind || value === null) return `'${path}' is missing, or no ${kind}.`;
  }
  return undefined;
}
