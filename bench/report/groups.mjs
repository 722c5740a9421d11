/** Sorts runs for display: by profile, and within a profile by what was measured, repetitions together. */
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { ratio, spread } from './ratio.mjs';

/** No operation of the server's: how much later than due the generator began each. */
const LATENESS = 'lateness';

/** A target of this name is no server: it forwards bytes. */
const FLOOR = 'floor';

/**
 * Runs of a profile with the same label (their target's name where none was given) are repetitions of each other.
 * The first group that is no floor is what the others are compared with.
 *
 * @returns {{ name: string, title: string, toml: string, groups: Group[], base: Group | undefined, floor: Group | undefined,
 *   operations: string[] }[]}
 */
export function byProfile(results) {
  return [...grouped(results, ({ profile }) => profile.name)].map(([name, runs]) => {
    const groups = [...grouped(runs, labelOf)].map(([label, group]) => new Group(label, group));
    return {
      name,
      title: runs[0].profile.title ?? name,
      toml: runs[0].profile.toml ?? '',
      groups,
      base: groups.find((group) => !group.isFloor),
      floor: groups.find((group) => group.isFloor),
      operations: [...new Set(runs.flatMap((run) => Object.keys(run.operations ?? {})))].filter(
        (one) => one !== LATENESS,
      ),
    };
  });
}

export function labelOf({ label, target }) {
  return label ?? target.name;
}

function grouped(values, keyOf) {
  const groups = new Map();
  for (const value of values) groups.set(keyOf(value), [...(groups.get(keyOf(value)) ?? []), value]);
  return groups;
}

class Group {
  constructor(label, runs) {
    this.label = label;
    this.runs = runs;
    this.isFloor = runs[0].target.name === FLOOR;
  }

  /** Of a figure of each run. */
  spread(pick) {
    return spread(this.runs.map((run) => pick(run) ?? Number.NaN));
  }

  /** The run in the middle by what an operation costs the server, or else by its latency. */
  typical(operation) {
    const cost = (run) =>
      run.server?.perOperation?.[operation]?.total ?? run.operations?.[operation]?.latency?.p50 ?? Number.NaN;
    const sorted = this.runs.filter((run) => Number.isFinite(cost(run))).sort((one, other) => cost(one) - cost(other));
    return sorted[(sorted.length - 1) >> 1] ?? this.runs[0];
  }

  /** Of all repetitions in one; `undefined` where none has any, or what is there cannot be read. */
  histogram(operation) {
    const texts = this.runs.map((run) => run.operations?.[operation]?.latency?.histogram).filter(Boolean);
    if (texts.length === 0) return undefined;
    const [first, ...others] = texts.map((text) => decodeFromCompressedBase64(text, 64));
    for (const other of others) first.add(other);
    return first;
  }
}

/** The figures of which a run has one for each operation, in the order in which they are shown. */
export const OPERATION_FIGURES = [
  { name: 'CPU', unit: 'duration', isCompared: true, pick: (run, operation) => costs(run, operation)?.total },
  { name: 'CPU, user', unit: 'duration', isCompared: true, pick: (run, operation) => costs(run, operation)?.user },
  { name: 'CPU, system', unit: 'duration', isCompared: true, pick: (run, operation) => costs(run, operation)?.system },
  {
    name: 'per second',
    unit: 'figure',
    isCompared: true,
    pick: (run, operation) => run.operations?.[operation]?.perSecond,
  },
  ...['p50', 'p90', 'p99', 'p999', 'max'].map((name) => ({
    name: name === 'p999' ? 'p99.9' : name,
    unit: 'duration',
    isCompared: true,
    pick: (run, operation) => run.operations?.[operation]?.latency?.[name],
  })),
];

/** The figures of a whole run. */
export const RUN_FIGURES = [
  { name: 'memory per connection', unit: 'bytes', isCompared: true, pick: (run) => run.server?.pss?.perConnection },
  { name: 'memory (PSS), before', unit: 'bytes', pick: (run) => run.server?.pss?.before },
  { name: 'memory (PSS), after', unit: 'bytes', pick: (run) => run.server?.pss?.after },
  { name: 'server load', unit: 'load', pick: (run) => busy(run.server, run.seconds) },
  { name: 'generator load', unit: 'load', pick: (run) => run.generator?.load },
  { name: 'generator late, p99', unit: 'duration', pick: (run) => run.operations?.[LATENESS]?.latency?.p99 },
  { name: 'load average of the machine', unit: 'load', pick: (run) => run.loadAverage },
];

const costs = (run, operation) => run.server?.perOperation?.[operation];

/** Cores that the server kept busy. */
function busy(server, seconds) {
  if (server?.cpuUser === undefined || !(seconds > 0)) return undefined;
  return (server.cpuUser + server.cpuSystem) / 1e6 / seconds;
}

/** Each figure that any group has, with its spread, and how it compares with the first group and with the floor. */
export function comparedFigures({ groups, base, floor }, figures) {
  return figures.flatMap((figure) => {
    const spreads = groups.map((group) => group.spread(figure.pick));
    if (spreads.every((one) => one === undefined)) return [];
    const of = (group) => (group === undefined ? undefined : spreads[groups.indexOf(group)]);
    const cells = groups.map((group, index) => ({
      group,
      spread: spreads[index],
      toBase: group === base || group.isFloor || !figure.isCompared ? undefined : ratio(spreads[index], of(base)),
      toFloor: group.isFloor || !figure.isCompared ? undefined : ratio(spreads[index], of(floor)),
    }));
    return [{ ...figure, cells }];
  });
}

/** The figures of one operation, for `comparedFigures`. */
export function figuresOf(operation) {
  return OPERATION_FIGURES.map((figure) => ({ ...figure, pick: (run) => figure.pick(run, operation) }));
}
