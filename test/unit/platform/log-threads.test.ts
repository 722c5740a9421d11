import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { openLog } from '../../../src/platform/log.js';
import { workerFile } from '../../../src/platform/workers.js';

const LINES = 2000;

test('threads write whole lines to one file, and follow a change of the level', async () => {
  const file = join(mkdtempSync(join(tmpdir(), 'meerkat-log-')), 'meerkat.log');
  const log = openLog({ level: 'error', output: { file } });
  const module = workerFile(new URL('../../../src/platform/log.ts', import.meta.url).href, './log.js');
  const code = `
    const { workerData, parentPort } = require('node:worker_threads');
    import(workerData.module).then(({ joinLog }) => {
      const log = joinLog(workerData.shared).child({ thread: workerData.thread });
      log.info('too quiet');
      parentPort.once('message', () => {
        for (let i = 0; i < ${LINES}; i++) log.info('line', { i, text: 'x'.repeat(i % 300) });
        parentPort.close();
      });
      parentPort.postMessage('ready');
    });`;
  const threads = [1, 2, 3].map((thread) => {
    return new Worker(code, { eval: true, workerData: { module: `file://${module}`, shared: log.share(), thread } });
  });
  await Promise.all(threads.map((thread) => new Promise((resolve) => thread.once('message', resolve))));
  log.setLevel('info');
  const ended = threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve)));
  for (const thread of threads) thread.postMessage('go');
  expect(await Promise.all(ended)).toEqual([0, 0, 0]);

  const entries = readFileSync(file, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(entries).toHaveLength(3 * LINES);
  expect(new Set(entries.map(({ thread, i }) => `${thread} ${i}`)).size).toBe(3 * LINES);
});
