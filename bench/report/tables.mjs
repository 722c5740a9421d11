/** Tables of the page, each in a frame of its own that scrolls when the screen is narrow. */
import { markup } from './markup.mjs';

/** @param {{ caption: string, head: string[], rows: [string, ...unknown[]][] }} table the first cell of a row names it */
export function htmlTable({ caption, head, rows }) {
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${caption}"><table><caption>${caption}</caption>
<thead><tr>${head.map((cell) => markup`<th scope="col">${cell}</th>`)}</tr></thead>
<tbody>
${rows.map(([name, ...cells]) => markup`<tr><th scope="row">${name}</th>${cells.map((cell) => markup`<td>${cell}</td>`)}</tr>\n`)}</tbody></table></div>`;
}

const MOST_ROWS = 24;

/** What a plot shows, as numbers: a row for each place on the axis across, a column for each line. */
export function plotTable({ caption, across, lines, formatAcross, format }) {
  const places = [...new Set(lines.flatMap(({ points }) => points.map(([place]) => place)))].sort((a, b) => a - b);
  const step = Math.ceil(places.length / MOST_ROWS);
  const shown = places.filter((_, index) => index % step === 0);
  const byPlace = lines.map(({ points }) => new Map(points));
  return markup`<details><summary>The figures${step > 1 && `, every ${ordinal(step)}`}</summary>${htmlTable({
    caption,
    head: [across, ...lines.map(({ name }) => name)],
    rows: shown.map((place) => [formatAcross(place), ...byPlace.map((values) => format(values.get(place)))]),
  })}</details>`;
}

function ordinal(number) {
  const ending = { 1: 'st', 2: 'nd', 3: 'rd' }[number % 10];
  return `${number}${ending && Math.floor(number / 10) % 10 !== 1 ? ending : 'th'}`;
}
