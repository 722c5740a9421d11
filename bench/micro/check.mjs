/** `meerkat-bench check`: says which steps moved away from their accepted figures by more than the noise. */
import { fileURLToPath } from 'node:url';
import { flag, text, UsageError } from '../lib/arguments.mjs';
import { table } from '../measure/statistics.mjs';
import { accept, compare, isKnown, missing, readAccepted, writeAccepted } from './accepted.mjs';
import { kindOfMachine, measure, measureOptions } from './measure.mjs';

const ACCEPTED = fileURLToPath(new URL('accepted.json', import.meta.url));

export const checkOptions = {
  ...measureOptions,
  accepted: text(ACCEPTED, 'FILE', 'the accepted figures'),
  accept: flag('what is found now becomes what is accepted for this kind of machine'),
};

/** Returns 1 when something became slower. */
export async function check(options) {
  const accepted = readAccepted(options.accepted);
  const kind = kindOfMachine();
  if (!options.accept && !isKnown(accepted, kind))
    throw new UsageError(
      `Nothing was accepted for ${described(kind)}.\n--accept makes what is found now the measure of the next check.`,
    );
  const measured = await measure(options);
  for (const note of measured.notes) process.stdout.write(`${note}\n`);
  if (Object.keys(measured.steps).length === 0) throw new UsageError('No step has such a name.');
  if (options.accept) {
    writeAccepted(options.accepted, accept(accepted, measured));
    process.stdout.write(`${Object.keys(measured.steps).length} steps accepted for ${described(kind)}\n`);
    return 0;
  }
  const rows = await confirmed(compare(accepted, measured), accepted, measured, options);
  report(rows, options.only.length === 0 ? missing(accepted, measured) : []);
  return rows.some(({ verdict }) => verdict === 'slower') ? 1 : 0;
}

/** CPU time that seems to have moved is measured once more: what a busy neighbour did is gone then, what we did is not. */
async function confirmed(rows, accepted, { kind, steps }, options) {
  const doubtful = rows.filter(({ what, verdict }) => what === 'CPU' && (verdict === 'slower' || verdict === 'faster'));
  if (doubtful.length === 0) return rows;
  const only = doubtful.map(({ step }) => step);
  const again = await measure({ ...options, only, 'no-instructions': true });
  const both = Object.fromEntries(only.map((name) => [name, together(steps[name], again.steps[name])]));
  const second = new Map(
    compare(accepted, { kind, steps: both })
      .filter(({ what }) => what === 'CPU')
      .map((row) => [row.step, row]),
  );
  return rows.map((row) => (row.what === 'CPU' ? (second.get(row.step) ?? row) : row));
}

function together(one, other) {
  return { ...one, rounds: [...one.rounds, ...other.rounds] };
}

function report(rows, gone) {
  const moved = rows.filter(({ verdict }) => verdict !== 'same');
  if (moved.length > 0) process.stdout.write(table(moved.map(line)));
  for (const name of gone) process.stdout.write(`accepted, but not measured: ${name}\n`);
  const count = (verdict) => rows.filter((row) => row.verdict === verdict).length;
  process.stdout.write(
    `${rows.length} figures: ${count('same')} within the noise, ${count('slower')} slower, ${count('faster')} faster, ${count('new')} new\n`,
  );
  if (count('faster') + count('new') > 0) process.stdout.write('--accept makes that the measure of the next check.\n');
}

function line({ step, what, then, now, change, noise, verdict }) {
  return {
    step,
    what: what === 'CPU' ? 'CPU, in turns of the reference' : what,
    accepted: then === undefined ? '' : number(then),
    now: number(now),
    change: change === undefined ? '' : percent(change),
    'noise up to': change === undefined ? '' : percent(noise),
    verdict,
  };
}

function number(value) {
  return value.toFixed(value < 100 ? 1 : 0);
}

function percent(value) {
  // From nothing to something, which no part of nothing is.
  if (value === Number.POSITIVE_INFINITY) return 'from 0';
  return `${value < 0 ? '' : '+'}${(value * 100).toFixed(1)} %`;
}

function described(kind) {
  return `${kind.cpu} (instructions: ${kind.instructions})`;
}
