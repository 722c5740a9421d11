/** `meerkat-bench micro`: what single steps cost, in CPU time, in turns of a reference loop, and in instructions. */
import { choice } from '../lib/arguments.mjs';
import { summary, table } from '../measure/statistics.mjs';
import { measure, measureOptions } from './measure.mjs';

export const microOptions = {
  engine: choice('native', ['native', 'portable'], 'engine of the steps in TypeScript that need one'),
  ...measureOptions,
};

export async function micro(options) {
  const { steps, notes } = await measure(options);
  process.stdout.write(table(Object.entries(steps).map(row)));
  for (const note of notes) process.stdout.write(`${note}\n`);
}

function row([step, { language, rounds, instructions, bytes }]) {
  const digits = rounds[0][0] < 100 ? 1 : 0;
  return {
    step,
    in: language,
    'ns of CPU': summary(
      rounds.map(([nanoseconds]) => nanoseconds),
      digits,
    ),
    'turns of the reference': summary(
      rounds.map(([, turns]) => turns),
      1,
    ),
    instructions: instructions === undefined ? '' : instructions.toFixed(0),
    'bytes of heap': bytes === undefined ? '' : bytes.toFixed(0),
  };
}
