/** What today's clients do when they come: session, contacts, copies, stream management, presence. */
import { AnswerError } from './session.mjs';

const CARBONS = 'urn:xmpp:carbons:2';

/** Returns the session once its presence was heard; copies and management where the server has them. `watch` gets the session early. */
export async function comeOnline(scene, name, { resource, watch = (session) => session } = {}) {
  const session = watch(await scene.connector.login(name, resource));
  session.roster = await session.ask('get', "<query xmlns='jabber:iq:roster'/>");
  await session.ask('set', `<enable xmlns='${CARBONS}'/>`).catch(ignoreRefusal);
  if (scene.connector.features.includes('urn:xmpp:sm:3')) await session.manage();
  await session.available();
  return session;
}

/** In order: whoever sends to it from now on finds nobody there. */
export async function goOffline(session) {
  session.send("<presence type='unavailable'/>");
  await session.ask('get', "<ping xmlns='urn:xmpp:ping'/>", session.domain).catch(ignoreRefusal);
  await session.end();
}

/** Without the feature the rest goes on. */
function ignoreRefusal(error) {
  if (!(error instanceof AnswerError) || error.isLate) throw error;
}
