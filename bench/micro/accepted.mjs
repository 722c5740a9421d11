/** The figures that were accepted, by kind of machine, and what moved away from them by more than the noise. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { UsageError } from '../lib/arguments.mjs';
import { median } from '../measure/statistics.mjs';

const FORMAT = 'meerkat-bench accepted 1';
/** Instructions of compiled code are the same each time; V8 compiles, and lays out objects, with a little luck. */
const INSTRUCTION_TOLERANCE = { 'C++': 0.005, TypeScript: 0.03 };
const BYTES_TOLERANCE = 0.05;
const LEAST_BYTES = 24;
/** What a neighbour on the same core, or in the same cache, does to one kind of work more than to another. */
const CPU_TOLERANCE = 0.3;

export function readAccepted(file) {
  if (!existsSync(file)) return { format: FORMAT, instructions: {}, cpu: {} };
  const accepted = JSON.parse(readFileSync(file, 'utf8'));
  if (accepted.format !== FORMAT) throw new UsageError(`${file} holds no accepted figures (${FORMAT}).`);
  return accepted;
}

export function writeAccepted(file, accepted) {
  writeFileSync(file, `${JSON.stringify(accepted, null, 2)}\n`);
}

/** What was measured takes the place of what was accepted for this kind of machine; steps that were not measured stay. */
export function accept(accepted, { kind, steps }) {
  const instructions = { ...accepted.instructions[kind.instructions] };
  const cpu = { ...accepted.cpu[kind.cpu] };
  for (const [name, step] of Object.entries(steps)) {
    const figures = figuresOf(step);
    if (figures.instructions) instructions[name] = figures.instructions;
    cpu[name] = figures.cpu;
  }
  return {
    format: FORMAT,
    instructions: { ...accepted.instructions, ...named(kind.instructions, instructions) },
    cpu: { ...accepted.cpu, ...named(kind.cpu, cpu) },
  };
}

function named(kind, figures) {
  const sorted = Object.entries(figures).sort(([one], [other]) => (one < other ? -1 : 1));
  return sorted.length === 0 ? {} : { [kind]: Object.fromEntries(sorted) };
}

/** The steps that the accepted figures have beyond those that were measured. */
export function missing(accepted, { kind, steps }) {
  const known = { ...accepted.cpu[kind.cpu], ...accepted.instructions[kind.instructions] };
  return Object.keys(known).filter((name) => !Object.hasOwn(steps, name));
}

/** Whether anything was accepted for this kind of machine. */
export function isKnown(accepted, kind) {
  return Boolean(accepted.instructions[kind.instructions] || accepted.cpu[kind.cpu]);
}

/** A row for each figure that was accepted for this kind of machine, with a verdict. */
export function compare(accepted, { kind, steps }) {
  const [instructions, cpu] = [accepted.instructions[kind.instructions], accepted.cpu[kind.cpu]];
  return Object.entries(steps).flatMap(([name, step]) => {
    const now = figuresOf(step);
    const rows = [];
    const add = (what, figures) => rows.push({ step: name, what, ...figures });
    if (now.instructions && instructions) {
      const then = instructions[name];
      add('instructions', judgeInstructions(then, now.instructions, step));
      if (now.instructions.bytes !== undefined) add('bytes of heap', judgeBytes(then, now.instructions));
    }
    if (cpu) add('CPU', judgeCpu(cpu[name], now.cpu));
    return rows;
  });
}

/** Of CPU the median, and where it lies with a certainty of 96 % when there are nine rounds: without the lowest and the highest. */
function figuresOf({ rounds, instructions, bytes, spread }) {
  const turns = rounds.map(([, turn]) => turn).sort((one, other) => one - other);
  const inner = turns.length > 4 ? turns.slice(1, -1) : turns;
  const cpu = { turns: rounded(median(turns)), low: rounded(inner[0]), high: rounded(inner.at(-1)) };
  if (instructions === undefined) return { cpu };
  const counted = { instructions: rounded(instructions), spread: rounded(spread) };
  return { cpu, instructions: bytes === undefined ? counted : { ...counted, bytes: Math.round(bytes) } };
}

function rounded(value) {
  return Number(value.toPrecision(6));
}

function judgeInstructions(then, now, { language }) {
  const noise = Math.max(INSTRUCTION_TOLERANCE[language], 3 * (now.spread + (then?.spread ?? 0)));
  return judged(then?.instructions, now.instructions, noise);
}

function judgeBytes(then, now) {
  const { bytes } = then ?? {};
  const isMoved = Math.abs(now.bytes - (bytes ?? now.bytes)) > LEAST_BYTES;
  const result = judged(bytes, now.bytes, BYTES_TOLERANCE);
  return isMoved || result.verdict === 'new' ? result : { ...result, verdict: 'same' };
}

function judgeCpu(then, now) {
  const result = judged(then?.turns, now.turns, CPU_TOLERANCE);
  const isApart = then && (now.low > then.high || now.high < then.low);
  return result.verdict === 'new' || isApart ? result : { ...result, verdict: 'same' };
}

function judged(then, now, noise) {
  if (then === undefined) return { then, now, verdict: 'new' };
  const change = then === 0 ? (now === 0 ? 0 : Number.POSITIVE_INFINITY) : now / then - 1;
  const verdict = change > noise ? 'slower' : change < -noise ? 'faster' : 'same';
  return { then, now, change, noise, verdict };
}
