/** `meerkat-bench floor`: the bytes of a profile through the bare forwarder, for reports that tell a server as a multiple of it. */
import { run, runOptions } from '../load/command.mjs';

const { seconds, threads, set, json, html } = runOptions;
export const floorOptions = { seconds, threads, set, json, html };

/** Profiles of chat between pairs are all that a forwarder can serve. */
export function floor(options, names) {
  return run({ ...options, transport: 'floor' }, names.length === 0 ? ['chat'] : names);
}
