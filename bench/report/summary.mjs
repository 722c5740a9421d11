/** The summary of one or more runs as a terminal shows it: a table for each kind of operation, and what went wrong. */
import { table } from '../measure/statistics.mjs';
import { byProfile, comparedFigures, figuresOf, RUN_FIGURES } from './groups.mjs';
import { bytes, duration, figure, load, times, whole } from './units.mjs';

export const FORMATS = { duration, bytes, figure, load, whole };
const NONE = '–';

/** @param {object[]} results runs; those with the same label are repetitions */
export function summaryTable(results) {
  return byProfile(results).map(profileText).join('\n');
}

function profileText(profile) {
  const parts = [`${profile.name}: ${profile.title}\n`];
  for (const operation of profile.operations) {
    const count = { name: 'count', unit: 'whole', pick: (run) => run.operations?.[operation]?.count };
    parts.push(figuresText(`each ${operation}`, profile, [count, ...figuresOf(operation)]));
  }
  parts.push(figuresText('the whole run', profile, RUN_FIGURES));
  return [...parts.filter(Boolean), ...remarks(profile)].join('\n');
}

/** A column for each group; under what is compared how many times the floor and the base it is. */
function figuresText(title, profile, wanted) {
  const rows = comparedFigures(profile, wanted).flatMap(({ name, unit, cells }) => [
    row(title, name, cells, ({ spread }) => spreadText(spread, FORMATS[unit])),
    cells.some(({ toFloor }) => toFloor) && row(title, '  times the floor', cells, ({ toFloor }) => ratioText(toFloor)),
    cells.some(({ toBase }) => toBase) &&
      row(title, `  times ${profile.base.label}`, cells, ({ toBase }) => ratioText(toBase)),
  ]);
  return rows.length === 0 ? undefined : table(rows.filter(Boolean));
}

function row(title, name, cells, written) {
  return { [title]: name, ...Object.fromEntries(cells.map((cell) => [cell.group.label, written(cell)])) };
}

/** Median, with the lowest and the highest when there are several. */
export function spreadText(spread, format) {
  if (spread === undefined) return NONE;
  if (format(spread.low) === format(spread.high)) return format(spread.median);
  return `${format(spread.median)} (${range(spread.low, spread.high, format)})`;
}

/** The unit is written once where it is the same. */
function range(low, high, format) {
  const [from, to] = [low, high].map(format);
  const unit = / \S+$/.exec(to)?.[0] ?? '';
  return `${unit !== '' && from.endsWith(unit) ? from.slice(0, -unit.length) : from}..${to}`;
}

export function ratioText(found) {
  if (found === undefined) return NONE;
  if (found.refused) return 'not told apart';
  return figure(found.low) === figure(found.high)
    ? times(found.value)
    : `${times(found.value)} (${range(found.low, found.high, figure)})`;
}

function remarks({ groups }) {
  return groups.flatMap(({ label, runs }) => {
    const said = new Set(
      runs.flatMap(({ failures = [], warnings = [] }) => [
        ...failures.map((text) => `FAILED  ${label}: ${text}`),
        ...warnings.map((text) => `warning ${label}: ${text}`),
      ]),
    );
    return [...said].map((text) => `${text}\n`);
  });
}
