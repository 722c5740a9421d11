/** `meerkat-bench report`: shows results that were written earlier. */
import { writeFileSync } from 'node:fs';
import { text, UsageError } from '../lib/arguments.mjs';
import { htmlReport } from './page.mjs';
import { readResults } from './read.mjs';
import { summaryTable } from './summary.mjs';

export const reportOptions = {
  html: text(undefined, 'FILE', 'writes a page with plots as well, which stands alone'),
};

/** Returns 1 when any of the runs had failed. */
export function report({ html }, files) {
  if (files.length === 0) throw new UsageError('Name one or more files that --json has written.');
  const { runs, remarks } = readResults(files);
  process.stdout.write([summaryTable(runs), ...remarks.map((text) => `${text}\n`)].join(''));
  if (html !== undefined) writeFileSync(html, htmlReport(runs, { remarks }));
  return runs.some(({ failures = [] }) => failures.length > 0) ? 1 : 0;
}
