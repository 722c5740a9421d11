/** Loaded into every thread of the measured server: tells what memory the thread holds when it is asked. */

import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';
import { addonFile } from '../lib/places.mjs';

/** Longer than a thread collects. */
const QUIET_MS = 700;

let nativeHandle;
if (!isMainThread && existsSync(addonFile)) watchEngines(createRequire(import.meta.url)(addonFile));

const questions = new BroadcastChannel('meerkat-bench-questions');
const answers = new BroadcastChannel('meerkat-bench-answers');
questions.unref();
answers.unref();
if (isMainThread) serveParent();
else questions.onmessage = ({ data }) => answers.postMessage(memory(data.collect));

/** The addon's exports are the same object wherever it is required in this thread. */
function watchEngines(addon) {
  const { createEngine } = addon;
  addon.createEngine = (...args) => {
    nativeHandle = createEngine(...args);
    return nativeHandle;
  };
}

/** Nobody knows how many threads there are: once no answer has come for a while, all have answered. */
function serveParent() {
  let threads = [];
  let timer;
  const waitForMore = () => {
    clearTimeout(timer);
    timer = setTimeout(() => process.send(threads), QUIET_MS);
  };
  answers.onmessage = ({ data }) => {
    threads.push(data);
    waitForMore();
  };
  process.on('message', ({ collect }) => {
    threads = [memory(collect)];
    questions.postMessage({ collect });
    waitForMore();
  });
  process.channel?.unref();
}

function memory(collect) {
  if (collect) for (let pass = 0; pass < 3; pass++) globalThis.gc();
  const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics();
  const native = nativeHandle?.counters()?.memoryBytes ?? 0;
  return { thread: threadId, heapUsed: used_heap_size, heapTotal: total_heap_size, external: external_memory, native };
}
