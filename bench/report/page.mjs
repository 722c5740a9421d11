/** The report as one HTML file that stands alone: no script, nothing fetched, readable in the dark and on a phone. */
import { readFileSync } from 'node:fs';
import { byProfile, comparedFigures, figuresOf, labelOf, RUN_FIGURES } from './groups.mjs';
import { markup } from './markup.mjs';
import { operationPictures, runPictures } from './pictures.mjs';
import { FORMATS, ratioText, spreadText } from './summary.mjs';
import { htmlTable } from './tables.mjs';
import { bytes, load, whole } from './units.mjs';

const STYLE = readFileSync(new URL('./style.css', import.meta.url), 'utf8');

/**
 * @param {object[]} results runs as `docs/operations/benchmarks.md` describes them; those with the same label are repetitions
 * @returns {string}
 */
export function htmlReport(results, { remarks = [] } = {}) {
  const profiles = byProfile(results);
  const targets = [...new Set(results.map(labelOf))];
  const title = `Bench: ${targets.join(', ')}`;
  return `<!doctype html>\n${markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>${title}</title>
<style>
${asMarkup(STYLE)}</style>
</head>
<body>
<header><h1>${title}</h1>
<p class="soft">${period(results)}. Server CPU and latency: less is better. Figures of repeated runs are medians, with the lowest and the highest beside them.</p>
${remarks.map((text) => markup`<p>${text}</p>`)}
${profiles.length > 1 && contents(profiles)}</header>
<main>
${profiles.map(profileSection)}
${machineSection(results)}
</main>
</body>
</html>
`}`;
}

/** The sheet is ours, and has neither `<` nor `&`. */
function asMarkup(css) {
  return markup([css]);
}

function period(results) {
  const times = results
    .map(({ startedAt }) => startedAt)
    .filter(Boolean)
    .sort();
  const runs = results.length === 1 ? 'One run' : `${results.length} runs`;
  if (times.length === 0) return runs;
  const written = (time) => time.slice(0, 16).replace('T', ' ');
  if (times.length === 1) return `${runs}, ${written(times[0])} UTC`;
  return `${runs}, ${written(times[0])} to ${written(times.at(-1))} UTC`;
}

function contents(profiles) {
  const entries = profiles.map(({ title }, index) => markup`<li><a href="#profile-${index}">${title}</a></li>`);
  return markup`<nav aria-label="Profiles"><ul>${entries}</ul></nav>`;
}

function profileSection(profile, index) {
  const id = `profile-${index}`;
  const pictures = [
    ...profile.operations.flatMap((operation, one) => operationPictures(profile, operation, `${id}-${one}`)),
    ...runPictures(profile, id),
  ];
  return markup`<section aria-labelledby="${id}"><h2 id="${id}">${profile.title}</h2>
${outcome(profile)}
${profile.operations.map((operation) => figuresTable(profile, `Each ${operation}`, figuresOf(operation)))}
${figuresTable(profile, 'The whole run', RUN_FIGURES)}
${countsTable(profile)}
<div class="plots">
${pictures.map((picture) => [picture, markup`\n`])}</div>
${profile.toml && markup`<details><summary>The profile as it was run</summary><pre>${profile.toml}</pre></details>`}
</section>
`;
}

function outcome({ groups }) {
  const told = (pick) =>
    groups.flatMap(({ label, runs }) =>
      [...new Set(runs.flatMap((run) => pick(run) ?? []))].map((text) => `${label}: ${text}`),
    );
  const [failures, warnings] = [told(({ failures }) => failures), told(({ warnings }) => warnings)];
  const list = (name, title, texts) =>
    texts.length > 0 &&
    markup`<div class="${name}"><strong>${title}</strong><ul>${texts.map((text) => markup`<li>${text}</li>`)}</ul></div>`;
  return [list('failures', 'Failed: these figures prove nothing', failures), list('warnings', 'Warnings', warnings)];
}

function figuresTable(profile, caption, wanted) {
  const figures = comparedFigures(profile, wanted);
  if (figures.length === 0) return undefined;
  return htmlTable({
    caption,
    head: ['', ...profile.groups.map(({ label }) => label)],
    rows: figures.map(({ name, unit, cells }) => [
      name,
      ...cells.map(({ spread, toBase, toFloor }) => [
        spreadText(spread, FORMATS[unit]),
        toFloor && markup`<small>${ratioText(toFloor)} the floor</small>`,
        toBase && markup`<small>${ratioText(toBase)} ${toBase.refused ? 'from' : ''} ${profile.base.label}</small>`,
      ]),
    ]),
  });
}

function countsTable({ groups }) {
  const names = [...new Set(groups.flatMap(({ runs }) => runs.flatMap(({ counts }) => Object.keys(counts ?? {}))))];
  const total = (group, name) => group.runs.reduce((sum, run) => sum + (run.counts?.[name] ?? 0), 0);
  const some = names.filter((name) => groups.some((group) => total(group, name) !== 0));
  if (some.length === 0) return undefined;
  return htmlTable({
    caption: 'Counts of all repetitions; what is not listed did not occur',
    head: ['', ...groups.map(({ label }) => label)],
    rows: some.map((name) => [name, ...groups.map((group) => whole(total(group, name)))]),
  });
}

function machineSection(results) {
  const machines = new Map(results.map(({ machine = {} }) => [JSON.stringify(machine), machine]));
  const targets = new Map(results.map((result) => [JSON.stringify([labelOf(result), result.target]), result]));
  return markup`<section aria-labelledby="machine"><h2 id="machine">Machine and targets</h2>
${[...machines.values()].map(machineFacts)}
${[...targets.values()].map(targetFacts)}
</section>`;
}

function machineFacts({ cpu, cores, memoryBytes, kernel, node, loadAverage }) {
  return facts([
    ['processor', cpu],
    ['cores', cores],
    ['memory', memoryBytes && bytes(memoryBytes)],
    ['kernel', kernel],
    ['Node.js', node],
    ['load average', Array.isArray(loadAverage) ? loadAverage.map(load).join(' ') : loadAverage],
  ]);
}

function targetFacts(result) {
  const { name, version, host, port, transport, mechanism, notes = [] } = result.target;
  return markup`<h3>${labelOf(result)}</h3>${facts([
    ['server', [name, version].filter(Boolean).join(' ')],
    ['address', host && `${host}:${port}`],
    ['transport', transport],
    ['mechanism', mechanism],
    ['notes', notes.length > 0 && markup`${notes.map((note) => markup`${note}<br>`)}`],
  ])}`;
}

function facts(pairs) {
  const known = pairs.filter(([, value]) => value !== undefined && value !== false && value !== '');
  return markup`<dl class="facts">${known.map(([name, value]) => markup`<dt>${name}</dt><dd>${value}</dd>`)}</dl>`;
}
