/** Waits until a server has finished starting: some take connections seconds before. */
import { setTimeout as sleep } from 'node:timers/promises';
import { effort } from '../measure/process-facts.mjs';

const STEP_MS = 500;
const MOST_MS = 15_000;
/** Of a core; what is left is timers. */
const CALM_LOAD = 0.05;
const CALM_STEPS = 2;

/** `used` tells the seconds of CPU so far. */
export async function calm(pid, { used = secondsOf, wait = sleep } = {}) {
  let before = used(pid);
  let calmSteps = 0;
  for (let waited = 0; waited < MOST_MS && calmSteps < CALM_STEPS; waited += STEP_MS) {
    await wait(STEP_MS);
    const after = used(pid);
    calmSteps = after - before <= (CALM_LOAD * STEP_MS) / 1_000 ? calmSteps + 1 : 0;
    before = after;
  }
}

function secondsOf(pid) {
  const { user, system } = effort(pid);
  return user + system;
}
