/** Costs of single steps, in CPU time of this process: several rounds, the steps in turns, so that a noisy moment hits all of them. */
import { choice, count, flag } from '../lib/arguments.mjs';
import { summary, table } from '../measure/statistics.mjs';
import { runScanner } from './scanner.mjs';
import { stanzaSteps } from './stanzas.mjs';
import { valueSteps } from './values.mjs';

export const microOptions = {
  engine: choice('native', ['native', 'portable'], 'engine of the steps that need one'),
  rounds: count(9, 'rounds; the table has their median, lowest and highest'),
  operations: count(100_000, 'operations of one step in one round'),
  'no-scanner': flag('leave out the scanner in C++, which has to be compiled first'),
};

/**
 * A step has a name and `run(operations)`, which returns how many it did and how many microseconds of CPU they took.
 */
export async function micro({ engine, rounds, operations, 'no-scanner': isScannerLeftOut }) {
  const stanzas = await stanzaSteps(engine);
  const steps = [...(await valueSteps()), ...stanzas.steps];
  try {
    const results = steps.map(() => []);
    // The first two rounds teach the compiler what is hot.
    for (let round = -2; round < rounds; round++) {
      for (const [index, step] of steps.entries()) {
        const { done, microseconds } = await step.run(operations);
        if (round >= 0) results[index].push((microseconds * 1_000) / done);
      }
    }
    process.stdout.write(table(steps.map(({ name }, index) => ({ step: name, 'ns/op': summary(results[index], 0) }))));
  } finally {
    await stanzas.close();
  }
  if (!isScannerLeftOut) runScanner();
}
