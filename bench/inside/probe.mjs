/** Loaded into every thread of the measured server: tells which one it is, and what memory it holds, when it is asked. */

import { existsSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { getHeapStatistics } from 'node:v8';
import { BroadcastChannel, isMainThread, threadId } from 'node:worker_threads';
import { addonFile } from '../lib/places.mjs';

/** Longer than a thread collects, also beside others. */
const QUIET_MS = 2_500;
/** Longer than it takes on a busy machine; a thread that has ended in the meantime is missed once. */
const PATIENCE_MS = 30_000;

/** As the kernel counts threads: this one's directory is `<process>/task/<thread>`. */
const task = Number(readlinkSync('/proc/thread-self').split('/').at(-1));

let nativeHandle;
if (!isMainThread && existsSync(addonFile)) watchEngines(createRequire(import.meta.url)(addonFile));

const questions = new BroadcastChannel('meerkat-bench-questions');
const answers = new BroadcastChannel('meerkat-bench-answers');
questions.unref();
answers.unref();
if (isMainThread) serveParent();
else questions.onmessage = ({ data: { question, collect } }) => answers.postMessage({ question, ...memory(collect) });

/** The addon's exports are the same object wherever it is required in this thread. */
function watchEngines(addon) {
  const { createEngine } = addon;
  addon.createEngine = (...args) => {
    nativeHandle = createEngine(...args);
    return nativeHandle;
  };
}

/** Nobody knows how many threads there are, and idle ones may sleep: those that have answered before are waited for, and others for a while. */
function serveParent() {
  const expected = new Set();
  let answered = new Map();
  let timers = [];
  let question = 0;
  let isQuiet = false;
  const finish = () => {
    timers.forEach(clearTimeout);
    for (const thread of expected) if (!answered.has(thread)) expected.delete(thread);
    process.send([...answered.values()]);
  };
  const finishIfComplete = () => {
    if (isQuiet && [...expected].every((thread) => answered.has(thread))) finish();
  };
  answers.onmessage = ({ data }) => {
    if (data.question !== question) return;
    expected.add(data.thread);
    answered.set(data.thread, data);
    finishIfComplete();
  };
  process.on('message', ({ collect }) => {
    answered = new Map([[threadId, memory(collect)]]);
    isQuiet = false;
    questions.postMessage({ question: ++question, collect });
    const quieten = () => {
      isQuiet = true;
      finishIfComplete();
    };
    timers = [setTimeout(quieten, QUIET_MS), setTimeout(finish, PATIENCE_MS)];
  });
  process.channel?.unref();
}

function memory(collect) {
  if (collect) for (let pass = 0; pass < 3; pass++) globalThis.gc();
  const { used_heap_size, total_heap_size, external_memory } = getHeapStatistics();
  const native = nativeHandle?.counters()?.memoryBytes ?? 0;
  const role = isMainThread ? 'main' : nativeHandle ? 'shard' : 'other';
  return {
    thread: threadId,
    role,
    task,
    heapUsed: used_heap_size,
    heapTotal: total_heap_size,
    external: external_memory,
    native,
  };
}
