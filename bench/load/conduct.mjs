/** Conducts one run: starts what is missing, gives the orders, watches the server, and makes the result. */
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { UsageError } from '../lib/arguments.mjs';
import { now } from '../measure/clock.mjs';
import { leaveFirstCore, openFilesLimit } from '../measure/process-facts.mjs';
import { serverFacts, serverPids, usedBetween } from '../measure/server-watch.mjs';
import { behaviours } from './behaviours/index.mjs';
import { makeResult } from './result.mjs';
import { Tally } from './tally.mjs';
import { openTarget } from './target.mjs';
import { Threads } from './threads.mjs';

const SPARE_FILES = 200;
/** Until a thread has got the order to begin. */
const LEAD_MS = 50;
const SECOND_MS = 1_000;
/** Seconds by which a run without any result goes on. */
const MOST_EXTENSIONS = 20;

/**
 * Returns the result, whose `failures` say whether the run failed. `pids` are processes of a server elsewhere on this machine.
 * `onProgress` is told of each step, and of each second with its figures.
 */
export async function conduct(profile, { pids = [], onProgress = () => {} } = {}) {
  checkLimits(profile);
  const { target, server } = await openTarget(profile);
  // Where the server is bound to it.
  if (server && profile.server.shards === 1 && !profile.server.archive) leaveFirstCore();
  const run = new Run({ ...profile, target }, server ? [server.pid] : pids, onProgress);
  let result;
  try {
    result = await run.all();
  } finally {
    await run.close();
    await server?.stop();
  }
  return result;
}

function checkLimits({ loads, target, ...sections }) {
  const connections = loads.reduce((sum, name) => sum + behaviours[name].connections(sections[name]), 0);
  const needed = connections * (target.transport.startsWith('bosh') ? 2 : 1) + SPARE_FILES;
  if (needed <= openFilesLimit()) return;
  throw new UsageError(
    `${connections} clients need ${needed} open files, and a process may have ${openFilesLimit()} here.\n` +
      `Raise the limit (ulimit -Hn ${needed}; the server’s as well), or ask for fewer clients.`,
  );
}

/** What is left beside the server, which is thought to run here too. */
function threadsFor({ run, loads }) {
  const apart = loads.some((name) => behaviours[name].isApart) ? 1 : 0;
  return apart + (run.threads || Math.max(1, availableParallelism() - 1));
}

class Run {
  #profile;
  #pids;
  #onProgress;
  #tally = new Tally();
  #threads;
  #count;

  constructor(profile, pids, onProgress) {
    this.#profile = profile;
    this.#pids = pids.length === 0 ? [] : serverPids(pids);
    this.#onProgress = onProgress;
    this.#count = threadsFor(profile);
    this.#threads = new Threads(profile, this.#count, (thread, report) => this.#tally.add(thread, report));
  }

  close() {
    return this.#threads.close();
  }

  async all() {
    const before = this.#facts();
    this.#say('connecting');
    const [{ mechanism, engine }] = await this.#threads.order('prepare');
    const identity = await this.#threads.orderFirst('identify');
    const measured = await this.#measure();
    this.#say('waiting for the last messages');
    await this.#threads.order('stop');
    const ends = await this.#threads.order('finish');
    return makeResult({
      ...{ profile: this.#profile, pids: this.#pids, tally: this.#tally, ends, identity, mechanism, engine },
      ...{ measured, pssBefore: before?.pss, threads: this.#count },
    });
  }

  /** What the loads that have an end of their own do counts from their beginning, without warm-up. */
  async #measure() {
    const { run, loads } = this.#profile;
    const isWhole = loads.some((name) => behaviours[name].isWhole);
    if (!isWhole) {
      await this.#threads.order('start');
      this.#say('warming up');
      await sleep(run.warmup * SECOND_MS);
    }
    const at = now() + LEAD_MS;
    const starting = this.#threads.order('measure', { at });
    await sleep(LEAD_MS);
    const startedAt = new Date();
    const [before, ownBefore] = [this.#facts(), process.cpuUsage()];
    await starting;
    if (isWhole) await this.#threads.order('start');
    const ticking = this.#tick(before);
    if (isWhole) await this.#threads.order('whole');
    await sleep(run.seconds * SECOND_MS);
    await this.#untilMeasured();
    const seconds = (now() - at) / SECOND_MS;
    const [after, own] = [this.#facts(), process.cpuUsage(ownBefore)];
    await this.#threads.order('pause');
    clearInterval(ticking);
    return { startedAt, seconds, before, after, own, connections: this.#tally.counted('connections') };
  }

  /** On a machine that is busy with much else the time may be too short for anything. */
  async #untilMeasured() {
    const wanted = this.#profile.loads.map((name) => behaviours[name].operation).filter(Boolean);
    for (let more = 0; more < MOST_EXTENSIONS; more++) {
      const measured = new Set((await this.#threads.order('measured')).flat());
      if (wanted.every((operation) => measured.has(operation))) return;
      await sleep(SECOND_MS);
    }
  }

  #tick(before) {
    let [second, facts, own] = [0, before, process.cpuUsage()];
    return setInterval(() => {
      const next = this.#facts();
      const used = process.cpuUsage(own);
      own = process.cpuUsage();
      const noted = { server: next && usedBetween(facts, next), generator: { cpu: used.user + used.system } };
      facts = next;
      this.#tally.note(second, noted);
      const told = second++;
      // What the threads have counted in it is on its way.
      setTimeout(() => {
        this.#onProgress({ second: told, operations: this.#tally.latest(told), ...noted, count: this.#tally });
      }, LEAD_MS * 2);
    }, SECOND_MS);
  }

  #facts() {
    return this.#pids.length === 0 ? undefined : serverFacts(this.#pids);
  }

  #say(step) {
    this.#onProgress({ step });
  }
}
