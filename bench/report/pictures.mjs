/** The pictures of a report: which plots a profile gets, and the figures under each. */
import { comparedFigures, figuresOf, RUN_FIGURES } from './groups.mjs';
import { markup } from './markup.mjs';
import { ACROSS, barPlot, legend, linePlot, partsLegend, UPWARD } from './plot.mjs';
import { bytesScale, linearScale, logScale, percentileScale } from './scale.mjs';
import { spreadText } from './summary.mjs';
import { htmlTable, plotTable } from './tables.mjs';
import { bytes, duration, figure, whole } from './units.mjs';

const PERCENTILES = { p50: 'p50', p99: 'p99', p999: 'p99.9', max: 'max' };
/** One plot for each of these when several runs are compared, as lines of all would be too many. */
const COMPARED = ['p50', 'p99'];

/** @param {string} id unique on the page */
export function operationPictures(profile, operation, id) {
  return [
    ...latencyOverTime(profile, operation, `${id}-time`),
    latencyByPercentile(profile, operation, `${id}-percentile`),
    throughput(profile, operation, `${id}-rate`),
    cpu(profile, operation, `${id}-cpu`),
  ].filter(Boolean);
}

export function runPictures(profile, id) {
  return [memoryByConnections(profile, `${id}-memory`) ?? memory(profile, `${id}-memory`)].filter(Boolean);
}

function latencyOverTime({ groups }, operation, id) {
  const line = (name, run, percentile) => ({
    name,
    points: (run.series ?? []).map(({ second, operations }) => [second, operations?.[operation]?.[percentile]]),
  });
  const single = groups.length === 1 && groups[0];
  const plots = single
    ? [['', Object.entries(PERCENTILES).map(([key, name]) => line(name, single.typical(operation), key))]]
    : COMPARED.map((key) => [
        `, ${PERCENTILES[key]}`,
        groups.map((group) => line(group.label, group.typical(operation), key)),
      ]);
  return plots.map(([suffix, lines]) =>
    linePicture(`${id}${suffix.replace(/\W/g, '')}`, {
      title: `Latency of ${operation} over time${suffix}`,
      note: groups.some(({ runs }) => runs.length > 1) && 'Of repeated runs the one in the middle is shown.',
      lines,
      x: { title: 'seconds', format: figure, scale: linearScale },
      y: { title: 'latency, logarithmic', format: duration, scale: logScale },
    }),
  );
}

function throughput({ groups }, operation, id) {
  return linePicture(id, {
    title: `Throughput of ${operation} over time`,
    note: 'Operations in each second.',
    lines: groups.map((group) => ({
      name: group.label,
      points: (group.typical(operation).series ?? []).map(({ second, operations }) => [
        second,
        operations?.[operation]?.count,
      ]),
    })),
    x: { title: 'seconds', format: figure, scale: linearScale },
    y: { title: 'operations a second', format: whole, scale: linearScale },
  });
}

/** So many points to each nine are smoother than the eye. */
const POINTS_PER_NINE = 16;

function latencyByPercentile({ groups }, operation, id) {
  const histograms = groups.map((group) => group.histogram(operation));
  const most = Math.max(0, ...histograms.map((histogram) => histogram?.totalCount ?? 0));
  if (most === 0) return undefined;
  const lines = groups.map(({ label }, index) => ({ name: label, points: percentiles(histograms[index]) }));
  const last = Math.max(...lines.flatMap(({ points }) => points.map(([percentile]) => percentile)));
  const table = groups.map(({ label }, index) => ({
    name: label,
    points: [50, 75, 90, 95, 99, 99.9, 99.99, 99.999, 100].map((one) => [one, valueAt(histograms[index], one)]),
  }));
  return linePicture(id, {
    title: `Latency of ${operation} by percentile`,
    note: 'All repetitions together. Each nine behind the point takes as much room as the one before it.',
    lines,
    table,
    x: { title: 'percentile', format: (value) => `${value}%`, scale: (_, range) => percentileScale(last, range) },
    y: { title: 'latency, logarithmic', format: duration, scale: logScale },
  });
}

function percentiles(histogram) {
  if (!histogram || histogram.totalCount === 0) return [];
  const nines = Math.max(1, Math.log10(histogram.totalCount));
  const steps = Math.ceil(nines * POINTS_PER_NINE);
  return Array.from({ length: steps + 1 }, (_, step) => {
    const percentile = 100 - 100 / 10 ** ((step / steps) * nines);
    return [percentile, histogram.getValueAtPercentile(percentile)];
  });
}

/** A percentile that so few values cannot tell is left out. */
function valueAt(histogram, percentile) {
  if (!histogram || histogram.totalCount === 0) return undefined;
  if (percentile < 100 && histogram.totalCount * (1 - percentile / 100) < 1) return undefined;
  return percentile === 100 ? histogram.maxValue : histogram.getValueAtPercentile(percentile);
}

function cpu(profile, operation, id) {
  const figures = comparedFigures(profile, figuresOf(operation)).filter(({ name }) => name.startsWith('CPU'));
  const [total, user, system] = ['CPU', 'CPU, user', 'CPU, system'].map((name) =>
    figures.find((one) => one.name === name),
  );
  if (!total) return undefined;
  const cell = (one, index) => one?.cells[index].spread;
  const isSplit = user !== undefined && system !== undefined;
  const rows = profile.groups.flatMap((group, index) => {
    const all = cell(total, index);
    if (!all) return [];
    // The medians of the parts need not add up to that of their sum: they are shown in proportion.
    const [own, kernel] = isSplit ? [cell(user, index).median, cell(system, index).median] : [all.median, 0];
    const share = own + kernel > 0 ? own / (own + kernel) : 1;
    const parts = isSplit ? [all.median * share, all.median * (1 - share)] : [all.median];
    return [{ name: group.label, parts, low: all.low, high: all.high, cells: [own, kernel] }];
  });
  return barPicture(id, {
    title: `CPU of the server for each ${operation}`,
    note: 'Median; the whisker goes from the lowest run to the highest.',
    parts: isSplit && ['user', 'system'],
    rows,
    format: duration,
    table: {
      head: ['', 'total', 'user', 'system'],
      rows: profile.groups.map((group, index) => [
        group.label,
        ...[total, user, system].map((one) => spreadText(cell(one, index), duration)),
      ]),
    },
  });
}

function memoryByConnections({ groups }, id) {
  const lines = groups.map((group) => ({
    name: group.label,
    points: (group.runs[0].series ?? [])
      .filter(({ connections, server }) => Number.isFinite(connections) && Number.isFinite(server?.pss))
      .map(({ connections, server }) => [connections, server.pss]),
  }));
  // A number of connections that stands still tells nothing about their memory.
  if (!lines.some(({ points }) => new Set(points.map(([connections]) => connections)).size > 2)) return undefined;
  return linePicture(id, {
    title: 'Memory of the server by connections',
    note: 'Proportional set size (PSS) while connections are made.',
    lines,
    x: { title: 'connections', format: whole, scale: linearScale },
    y: { title: 'memory', format: bytes, scale: bytesScale },
  });
}

function memory(profile, id) {
  const [found] = comparedFigures(
    profile,
    RUN_FIGURES.filter(({ name }) => name === 'memory per connection'),
  );
  if (!found) return undefined;
  const cells = found.cells.filter(({ spread }) => spread !== undefined);
  return barPicture(id, {
    title: 'Memory of the server for each connection',
    note: 'Growth of the proportional set size (PSS), divided by the connections.',
    rows: cells.map(({ group, spread: { median, low, high } }) => ({
      name: group.label,
      parts: [Math.max(0, median)],
      low: Math.max(0, low),
      high,
    })),
    format: bytes,
    scaleOf: bytesScale,
    table: { head: ['', 'memory'], rows: cells.map(({ group, spread }) => [group.label, spreadText(spread, bytes)]) },
  });
}

function linePicture(id, { title, note, lines, table = lines, x, y }) {
  const points = lines.flatMap((line) => line.points).filter(([, up]) => Number.isFinite(up));
  if (points.length === 0) return undefined;
  const plot = linePlot({
    id,
    title,
    description: described(lines, x, y),
    lines,
    x: {
      ...x,
      scale: x.scale(
        points.map(([across]) => across),
        ACROSS,
        { wanted: 6 },
      ),
    },
    y: {
      ...y,
      scale: y.scale(
        points.map(([, up]) => up),
        UPWARD,
      ),
    },
  });
  return markup`<figure><h4>${title}</h4>${plot}${legend(lines.map(({ name }) => name))}${note && markup`<figcaption>${note}</figcaption>`}
${plotTable({ caption: title, across: x.title, lines: table, formatAcross: x.format, format: y.format })}</figure>`;
}

function described(lines, x, y) {
  const parts = lines.map(({ name, points }) => {
    const values = points.map(([, up]) => up).filter(Number.isFinite);
    if (values.length === 0) return `${name}: nothing measured`;
    return `${name}: between ${y.format(Math.min(...values))} and ${y.format(Math.max(...values))}`;
  });
  return `${y.title} against ${x.title}. ${parts.join('; ')}.`;
}

function barPicture(id, { title, note, parts, rows, format, scaleOf, table }) {
  if (rows.length === 0) return undefined;
  const total = (row) => row.parts.reduce((sum, one) => sum + one, 0);
  const description = `${rows.map((row) => `${row.name}: ${format(total(row))}`).join('; ')}.`;
  return markup`<figure><h4>${title}</h4>${barPlot({ id, title, description, format, rows, scaleOf })}${parts && partsLegend(parts)}<figcaption>${note}</figcaption>
${htmlTable({ caption: title, ...table })}</figure>`;
}
