/** Profanity, a client of others for the console, with an archive, a bad network and another device. */
import { describe, expect, inject, it } from 'vitest';
import { hasProfanity, Profanity, whyNot } from '../support/clients/profanity.js';
import { Actor, register } from '../support/story/actor.js';
import { handled } from '../support/story/fence.js';
import { relayTo } from '../support/story/relay.js';
import type { StoryServer } from '../support/story/story.js';

const CLAIM = 'chats over TLS, gets copies, is resumed after its connection broke, and reads its archive';

describe(`Profanity${whyNot}`, () => {
  // It takes seconds to notice and to return: all servers at once.
  for (const server of inject('servers')) {
    it.skipIf(!hasProfanity).concurrent(`${CLAIM} [${server.name}]`, () => tell(server));
  }
});

async function tell(server: StoryServer): Promise<void> {
  const username = `p-${Math.random().toString(36).slice(2, 8)}`;
  const who = { username, domain: 'localhost', password: 'its secret' };
  await register(server.port, who);
  const alice = await Actor.join(server.port, { ...who, username: `a-${username}` });
  await alice.available();
  const bare = `${username}@localhost`;
  const says = (to: string, body: string) =>
    alice.send(`<message to='${to}' type='chat'><body>${body}</body></message>`);
  const network = await relayTo(server.requiredPort);
  const [phone, tablet] = [new Profanity(), new Profanity()];
  try {
    await phone.ready();
    for (const command of ['/carbons on', '/reconnect 1']) phone.types(command);
    await phone.logIn(bare, who.password, network.port);
    await phone.shows('[TLS]');
    phone.types(`/msg ${alice.bare} one`);
    const one = await alice.receives("<message type='chat'><body>one</body></message>");
    const jid = one.attrs['from'];
    await phone.shows('me: one');
    says(bare, 'two &amp; 世界');
    await phone.shows(': two & 世界');

    // XEP-0280: what the other device does.
    const laptop = await Actor.login(server.port, who);
    await laptop.available();
    laptop.send(`<message to='${alice.jid}' type='chat'><body>three</body></message>`);
    await phone.shows('me: three');
    says(laptop.jid, 'four');
    await phone.shows(': four');
    await laptop.leave();

    // XEP-0198: what comes while its connection is gone.
    network.cut();
    says(jid, 'five');
    await handled(alice, bare);
    await phone.shows(': five');
    expect(network.connections).toBeGreaterThan(1);
    phone.types('six');
    await alice.receives(`<message from='${jid}' type='chat'><body>six</body></message>`);
    expect(phone.lines.filter((line) => line.includes(': five'))).toHaveLength(1);

    // XEP-0313: a device that has seen nothing of this. (The phone does without: messages that come while it asks it would show twice.)
    await tablet.ready();
    tablet.types('/mam on');
    await tablet.logIn(bare, who.password, server.starttlsPort);
    tablet.types(`/msg ${alice.bare}`);
    const all = ['me: one', ': two & 世界', 'me: three', ': four', ': five', 'me: six'];
    for (const text of all) await tablet.shows(text);
  } finally {
    await Promise.all([phone.end(), tablet.end()]);
    network.close();
    alice.vanish();
  }
}
