/** The servers that are compared, in the order in which reports show them. */
import { ejabberd } from './ejabberd.mjs';
import { floor } from './floor.mjs';
import { meerkat } from './meerkat.mjs';
import { prosody } from './prosody.mjs';

/**
 * Each has `name`; `find()`, which tells what is there as `{ version }` or `undefined`; `howToGet` for those that are not there;
 * `notes`, what reports tell about how it runs; and `start({ core, tls, shards })`, which returns `{ pid, port, stop() }`.
 */
export const servers = [meerkat, ejabberd, prosody, floor];

export function serverNamed(name) {
  return servers.find((server) => server.name === name);
}
