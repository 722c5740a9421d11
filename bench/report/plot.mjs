/** Draws plots as SVG: lines over axes, and horizontal bars that may be stacked. Colours and fonts are the page's. */
import { markup } from './markup.mjs';
import { linearScale } from './scale.mjs';

const WIDTH = 480;
const HEIGHT = 300;
const FRAME = { left: 72, right: WIDTH - 22, top: 12, bottom: HEIGHT - 46 };
/** Colours (`--c0`…) and dashes that tell lines apart, by colour and without. */
export const COLOURS = 6;
const DASHES = ['', '7 3', '2 3', '9 3 2 3', '12 4', '4 4 1 4'];

/** The ends of an axis on the paper. */
export const ACROSS = [FRAME.left, FRAME.right];
export const UPWARD = [FRAME.bottom, FRAME.top];

/**
 * @param {{ id: string, title: string, description: string,
 *   x: { title: string, scale: Scale, format: (value: number) => string }, y: same,
 *   lines: { name: string, points: [number, number][] }[] }} plot
 *   `id` is unique on the page. Points without a place (no number, below a logarithmic axis) interrupt their line.
 */
export function linePlot({ id, title, description, x, y, lines }) {
  return svg({ id, title, description, height: HEIGHT }, [
    yAxis(y),
    xAxis(x),
    lines.map(({ points }, index) => line(points, index, x.scale, y.scale)),
  ]);
}

/** What the lines of a plot are called. */
export function legend(names) {
  return markup`<ul class="legend">${names.map(
    (name, index) =>
      markup`<li><svg class="key" viewBox="0 0 28 10" aria-hidden="true"><line class="line c${index % COLOURS}" x1="1" y1="5" x2="27" y2="5" stroke-dasharray="${DASHES[index % DASHES.length]}"/></svg>${name}</li>`,
  )}</ul>`;
}

const ROW = 44;
const BAR = 16;

/**
 * @param {{ id: string, title: string, description: string, format: (value: number) => string,
 *   scaleOf?: typeof linearScale, rows: { name: string, parts: number[], low?: number, high?: number }[] }} plot
 *   `parts` are stacked; `low` and `high` are the ends of the whisker over their sum.
 */
export function barPlot({ id, title, description, format, rows, scaleOf = linearScale }) {
  const bottom = 8 + rows.length * ROW;
  const most = rows.flatMap(({ parts, high }) => [sum(parts), high ?? 0]);
  // Room is left for the value written behind the longest bar.
  const scale = scaleOf(most, [8, WIDTH - 90]);
  const grid = scale.ticks.map((tick) => [
    markup`<line class="grid" x1="${at(scale.at(tick))}" x2="${at(scale.at(tick))}" y1="4" y2="${bottom}"/>`,
    markup`<text class="tick" x="${at(scale.at(tick))}" y="${bottom + 16}" text-anchor="${tick === 0 ? 'start' : 'middle'}">${format(tick)}</text>`,
  ]);
  return svg({ id, title, description, height: bottom + 26 }, [
    grid,
    rows.map((row, index) => bar(row, index, scale, format)),
  ]);
}

/** What the parts of a stacked bar are called. */
export function partsLegend(names) {
  return markup`<ul class="legend">${names.map(
    (name, part) =>
      markup`<li><svg class="key" viewBox="0 0 28 12" aria-hidden="true"><rect class="bar c0 part${part}" width="28" height="12"/></svg>${name}</li>`,
  )}</ul>`;
}

function bar({ name, parts, low, high }, index, scale, format) {
  const top = 10 + index * ROW;
  let from = 0;
  const rects = parts.map((value, part) => {
    const [left, right] = [scale.at(from), scale.at(from + value)];
    from += value;
    return markup`<rect class="bar c${index % COLOURS} part${part}" x="${at(left)}" y="${top + 16}" width="${at(right - left)}" height="${BAR}"/>`;
  });
  const middle = top + 16 + BAR / 2;
  const whisker =
    low !== undefined &&
    high > low &&
    markup`<path class="whisker" d="M${at(scale.at(low))} ${middle - 4}v8m0 -4H${at(scale.at(high))}m0 -4v8"/>`;
  const end = scale.at(Math.max(from, high ?? 0));
  return [
    markup`<text class="name" x="8" y="${top + 10}">${name}</text>`,
    rects,
    whisker,
    markup`<text class="value" x="${at(end + 6)}" y="${middle + 4.5}">${format(from)}</text>`,
  ];
}

function svg({ id, title, description, height }, content) {
  return markup`<svg class="plot" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="${id}-title ${id}-desc">
<title id="${id}-title">${title}</title><desc id="${id}-desc">${description}</desc>
${content}
</svg>`;
}

function yAxis({ title, scale, format }) {
  return [
    scale.ticks.map((tick) => [
      markup`<line class="grid" x1="${FRAME.left}" x2="${FRAME.right}" y1="${at(scale.at(tick))}" y2="${at(scale.at(tick))}"/>`,
      markup`<text class="tick" x="${FRAME.left - 6}" y="${at(scale.at(tick) + 4)}" text-anchor="end">${format(tick)}</text>`,
    ]),
    markup`<text class="axis" transform="translate(12 ${(FRAME.top + FRAME.bottom) / 2}) rotate(-90)" text-anchor="middle">${title}</text>`,
  ];
}

function xAxis({ title, scale, format }) {
  return [
    scale.ticks.map((tick) => [
      markup`<line class="tickmark" x1="${at(scale.at(tick))}" x2="${at(scale.at(tick))}" y1="${FRAME.bottom}" y2="${FRAME.bottom + 4}"/>`,
      markup`<text class="tick" x="${at(scale.at(tick))}" y="${FRAME.bottom + 17}" text-anchor="middle">${format(tick)}</text>`,
    ]),
    markup`<line class="frame" x1="${FRAME.left}" x2="${FRAME.right}" y1="${FRAME.bottom}" y2="${FRAME.bottom}"/>`,
    markup`<text class="axis" x="${(FRAME.left + FRAME.right) / 2}" y="${HEIGHT - 8}" text-anchor="middle">${title}</text>`,
  ];
}

function line(points, index, x, y) {
  let pen = 'M';
  let path = '';
  const alone = [];
  for (const [i, [across, up]] of points.entries()) {
    const [left, top] = [x.at(across), y.at(up)];
    if (!Number.isFinite(left) || !Number.isFinite(top)) {
      pen = 'M';
      continue;
    }
    if (pen === 'M' && !placed(points[i + 1], x, y)) alone.push([left, top]);
    path += `${pen}${at(left)} ${at(top)}`;
    pen = 'L';
  }
  const style = `line c${index % COLOURS}`;
  return [
    path !== '' && markup`<path class="${style}" d="${path}" stroke-dasharray="${DASHES[index % DASHES.length]}"/>`,
    alone.map(
      ([left, top]) => markup`<circle class="dot c${index % COLOURS}" cx="${at(left)}" cy="${at(top)}" r="3"/>`,
    ),
  ];
}

function placed(point, x, y) {
  return point !== undefined && Number.isFinite(x.at(point[0])) && Number.isFinite(y.at(point[1]));
}

/** A tenth of a unit is finer than any screen shows. */
const at = (value) => Number(value.toFixed(1));
const sum = (values) => values.reduce((total, one) => total + one, 0);
