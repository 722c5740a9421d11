/** Makes the result of a run, in the shape that reports read. */
import { cpus, release, totalmem } from 'node:os';
import { RUN_FORMAT } from '../report/read.mjs';
import { behaviours } from './behaviours/index.mjs';
import { growthFailures } from './growth.mjs';

/** Of each thread; above it the generator may be what limits. */
const MOST_LOAD = 0.9;
/** Microseconds by which most messages of an open loop may leave late. */
const MOST_LATENESS = 5_000;

export function makeResult({ profile, pids, tally, ends, identity, mechanism, engine, measured, pssBefore, threads }) {
  const { seconds, startedAt, own } = measured;
  const counts = countsOf(ends, measured);
  const generator = {
    cpu: own.user + own.system,
    load: (own.user + own.system) / 1e6 / seconds / threads,
    ...{ threads, engine },
  };
  const operations = tally.operations(seconds);
  const series = tally.series(seconds);
  const { name, title, toml, target } = profile;
  const { host, port, domain, transport, proxy } = target;
  return {
    format: RUN_FORMAT,
    profile: { name, title, toml },
    target: {
      ...{ ...nameOf(profile, identity), host: host || '127.0.0.1', port, domain, transport, mechanism },
      notes: proxy === 'none' ? [] : [`PROXY header ${proxy}`],
    },
    machine: machine(),
    startedAt: startedAt.toISOString(),
    seconds,
    counts,
    failures: [...failuresOf(counts, ends, tally, profile), ...growthFailures(series, profile.run.growth)],
    operations,
    series,
    server: serverOf({ profile, pids, tally, measured, pssBefore, counts }),
    generator,
    warnings: warningsOf(generator, operations),
  };
}

function nameOf({ target, server }, identity) {
  if (target.transport === 'floor') return { name: 'floor' };
  const own = target.host === '' ? `Meerkat${server.engine === 'native' ? '' : `, ${server.engine}`}` : undefined;
  return { name: target.name || own || identity.name || target.host, version: identity.version };
}

function machine() {
  const [{ model } = { model: 'unknown' }, ...others] = cpus();
  return {
    cpu: model.trim(),
    cores: others.length + 1,
    memoryBytes: totalmem(),
    kernel: release(),
    node: process.version,
  };
}

function countsOf(ends, { connections }) {
  const counts = { errors: 0 };
  for (const { totals, counts: more } of ends) {
    for (const [name, value] of Object.entries({ ...totals, ...more })) counts[name] = (counts[name] ?? 0) + value;
  }
  return { ...counts, connections };
}

function failuresOf(counts, ends, tally, { loads }) {
  const failures = [];
  for (const name of ['lost', 'doubled', 'disordered', 'misnamed']) {
    if (counts[name] > 0) failures.push(`${name} ${counts[name]} of ${counts.expected} messages`);
  }
  const faults = new Map();
  for (const { reason, count } of ends.flatMap((end) => end.faults)) {
    faults.set(reason, (faults.get(reason) ?? 0) + count);
  }
  for (const [reason, count] of faults) failures.push(count === 1 ? reason : `${reason} (${count} times)`);
  for (const load of loads) {
    const { operation } = behaviours[load];
    if (operation !== undefined && tally.count(operation) === 0) failures.push(`${load}: no ${operation} was measured`);
  }
  return failures;
}

function serverOf({ profile, pids, tally, measured, pssBefore, counts }) {
  const { before, after } = measured;
  if (after === undefined) return undefined;
  const used = { cpuUser: after.cpuUser - before.cpuUser, cpuSystem: after.cpuSystem - before.cpuSystem };
  const { connections } = profile.loads.some((name) => behaviours[name].isAboutMemory) ? counts : {};
  const perConnection = connections && (after.pss - pssBefore) / connections;
  return {
    ...{ pids, ...used, perOperation: perOperation(profile, tally, used) },
    pss: { before: pssBefore, after: after.pss, perConnection },
    switches: after.switches - before.switches,
    descriptors: after.descriptors,
  };
}

/** By what the load is about: what else it does is in its price. Of several loads at a time none can be told. */
function perOperation({ loads }, tally, { cpuUser, cpuSystem }) {
  const operation = loads.length === 1 ? behaviours[loads[0]].operation : undefined;
  const count = operation === undefined ? 0 : tally.count(operation);
  if (count === 0) return {};
  const [user, system] = [cpuUser / count, cpuSystem / count];
  return { [operation]: { user, system, total: user + system } };
}

function warningsOf({ load, engine }, { lateness }) {
  const warnings = [];
  if (load > MOST_LOAD)
    warnings.push(
      `the generator was busy for ${(load * 100).toFixed(0)} % of its time: it may be what limits the rate`,
    );
  if (engine !== 'native')
    warnings.push('the generator ran on the portable engine, which costs it several times as much');
  if (lateness?.latency.p90 > MOST_LATENESS)
    warnings.push(`a tenth of the messages left more than ${(lateness.latency.p90 / 1e3).toFixed(0)} ms late`);
  return warnings;
}
