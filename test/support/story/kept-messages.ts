/** Takes what offline storage has kept for somebody. */
import { Actor, type Credentials } from './actor.js';
import { stored } from './fence.js';

/** Writes of the server's in a row between which no kept message came: there are no more. */
const QUIET = 5;

/** Bodies of the messages, which come page by page. */
export async function takeKept(port: number, credentials: Credentials): Promise<string[]> {
  const actor = await Actor.login(port, credentials);
  await actor.available();
  const bodies: string[] = [];
  for (let quiet = 0; quiet < QUIET; quiet++) {
    await stored(actor);
    const messages = (await actor.hasReceived()).filter((one) => one.getChild('delay'));
    bodies.push(...messages.map((one) => one.getChildText('body') ?? ''));
    if (messages.length > 0) quiet = 0;
  }
  await actor.leave();
  return bodies;
}
