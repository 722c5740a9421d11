/** A lock between processes: one of them at a time makes this clone ready. */
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 100;
/** How long a lock may be without an owner's name, as it is between two steps of its owner. */
const NAMELESS_MS = 5000;

/** Waits until this process owns `folder`; `onWait` is told once who has it. Returns the function that gives it back. */
export async function takeLock(folder, onWait = () => {}) {
  mkdirSync(dirname(folder), { recursive: true });
  for (let hasWaited = false; !make(folder); hasWaited = true) {
    const owner = readOwner(folder);
    if (isDead(folder, owner)) {
      breakLock(folder, owner);
      continue;
    }
    if (!hasWaited) onWait(owner?.pid);
    await sleep(POLL_MS);
  }
  writeFileSync(join(folder, 'owner'), JSON.stringify({ pid: process.pid, started: startTime(process.pid) }));
  return () => rmSync(folder, { recursive: true, force: true });
}

function make(folder) {
  try {
    mkdirSync(folder);
    return true;
  } catch (error) {
    if (error.code === 'EEXIST') return false;
    throw error;
  }
}

function readOwner(folder) {
  try {
    return JSON.parse(readFileSync(join(folder, 'owner'), 'utf8'));
  } catch {
    return undefined;
  }
}

function isDead(folder, owner) {
  if (owner) return !isAlive(owner);
  try {
    return Date.now() - statSync(folder).mtimeMs > NAMELESS_MS;
  } catch {
    return false;
  }
}

/** Under a second lock, so that of two who find the same dead owner, none removes what the other has just taken. */
function breakLock(folder, owner) {
  const guard = `${folder}.break`;
  if (!make(guard)) {
    if (isDead(guard, undefined)) rmSync(guard, { recursive: true, force: true });
    return;
  }
  try {
    if (JSON.stringify(readOwner(folder)) === JSON.stringify(owner)) rmSync(folder, { recursive: true, force: true });
  } finally {
    rmSync(guard, { recursive: true, force: true });
  }
}

function isAlive({ pid, started }) {
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code === 'ESRCH') return false;
  }
  // The number of a process that is gone may belong to another one by now.
  return started === undefined || startTime(pid) === undefined || startTime(pid) === started;
}

/** Linux: the moment a process started, in clock ticks since boot (field 22 of its stat file). */
function startTime(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
