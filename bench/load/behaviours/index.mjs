/** Every kind of load, by the name of its section. */
import { chat } from './chat.mjs';

/**
 * Each has `doc`, its `options`, `operation` (what is counted above all), `units` (what is spread over the threads) and `connections` by its
 * settings, `needsAccounts` (whether its clients must have names), and `create`, which makes what runs in a thread: `prepare`, `start`,
 * `stop`, `finish`. Where a load has an end of its own, `isWhole`, there is a promise `whole` as well. `isAboutMemory` where the growth of
 * the server divided by its connections means something.
 */
export const behaviours = { chat };
