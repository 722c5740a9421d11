/** Every kind of load, by the name of its section. */
import { archive } from './archive.mjs';
import { chat } from './chat.mjs';
import { churn } from './churn.mjs';
import { flood } from './flood.mjs';
import { idle } from './idle.mjs';
import { iq } from './iq.mjs';
import { login } from './login.mjs';
import { offline } from './offline.mjs';
import { people } from './people.mjs';
import { presence } from './presence.mjs';
import { resume } from './resume.mjs';
import { room } from './room.mjs';

/**
 * Each has `doc`, its `options`, `operation` (what is counted above all), `units` (what is spread over the threads) and `connections` by its
 * settings, `needsAccounts` (whether its clients must have names), and `create`, which makes what runs in a thread: `prepare`, `start`,
 * `stop`, `finish`. Where a load has an end of its own, `isWhole`, there is a promise `whole` as well. `isAboutMemory` where the growth of
 * the server divided by its connections means something. One that is `isApart` has a thread of its own.
 */
export const behaviours = { chat, login, idle, churn, presence, iq, archive, offline, resume, room, people, flood };
