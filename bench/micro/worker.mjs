/** The process in which the steps in TypeScript are measured: `node worker.mjs '{"mode": "cpu", ...}'`; the result goes to the file `out`. */
import { writeFileSync } from 'node:fs';
import { CountingMeter, CpuMeter, reference } from './meter.mjs';
import * as archive from './steps/archive.mjs';
import * as scram from './steps/scram.mjs';
import * as shards from './steps/shards.mjs';
import * as stanzas from './steps/stanzas.mjs';
import * as values from './steps/values.mjs';

const GROUPS = [values, stanzas, shards, archive, scram];
/** Passes over all steps before any of them counts: the compiler has to learn what is hot, and what is called with what. */
const WARM_PASSES = 2;
const WARM_REFERENCES = 20;

const options = JSON.parse(process.argv[2]);
const isWanted = (name) => options.only.length === 0 || options.only.some((word) => name.includes(word));
const groups = [];
for (const group of GROUPS) if (group.names.some(isWanted)) groups.push(await group.open(options.engine));
const steps = groups.flatMap((group) => group.steps).filter(({ name }) => isWanted(name));
const result = options.mode === 'cpu' ? await measureTime() : await countInstructions();
for (const group of groups) await group.close();
writeFileSync(options.out, JSON.stringify(result));
process.exit(0);

/** By name: nanoseconds of an operation, and times the turn of the reference, for each round. All steps take turns in a round. */
async function measureTime() {
  const meter = new CpuMeter();
  for (let i = 0; i < WARM_REFERENCES; i++) reference();
  await warmUp(meter);
  const operations = new Map();
  for (const step of steps) {
    await step.run(step.counted, meter);
    const each = meter.take();
    operations.set(step, Math.max(step.counted, Math.round((options.milliseconds * 1e6) / Math.max(each, 1))));
  }
  const found = Object.fromEntries(steps.map(({ name }) => [name, []]));
  for (let round = 0; round < options.rounds; round++) {
    for (const step of steps) {
      const before = reference();
      await step.run(operations.get(step), meter);
      const each = meter.take();
      found[step.name].push([each, each / ((before + reference()) / 2)]);
    }
  }
  return found;
}

/** The sizes of the dumps, in their order: `[name, operations, bytes of the heap]`. */
async function countInstructions() {
  await warmUp(new CpuMeter());
  const meter = new CountingMeter(options.addon);
  meter.start();
  const found = [];
  for (const step of steps) {
    meter.name(step.name);
    await step.run(step.counted, meter);
    for (const { operations, bytes } of meter.windows) found.push([step.name, operations, bytes]);
  }
  return found;
}

async function warmUp(meter) {
  for (let pass = 0; pass < WARM_PASSES; pass++) {
    for (const step of steps) await step.run(step.counted * options.warmup, meter);
  }
  meter.take();
}
