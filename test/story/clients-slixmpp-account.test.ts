/** slixmpp, a client library of others: an account with an archive, several devices and a bad network. */
import { expect, it } from 'vitest';
import { python, SlixmppProgram, whyNot } from '../support/clients/slixmpp.js';
import { Actor, register } from '../support/story/actor.js';
import { handled } from '../support/story/fence.js';
import { onEachServer } from '../support/story/story.js';

onEachServer(`slixmpp, an account${whyNot}`, (server) => {
  it.skipIf(!python)('is resumed after its connection broke, gets copies, pages its archive, and blocks', async () => {
    const who = { username: `a-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'its secret' };
    await register(server.port, who);
    const alice = await Actor.join(server.port, { ...who, username: `p-${who.username}` });
    await alice.available();
    const bare = `${who.username}@localhost`;
    const program = new SlixmppProgram('slixmpp_account.py', [String(server.starttlsPort), bare, who.password]);
    try {
      const jid = (await program.tells('online ')).trim();
      const say = (to: string, body: string) =>
        alice.send(`<message to='${to}' type='chat'><body>${body}</body></message>`);
      program.does('ping');
      await program.tells('pong');
      say(bare, 'one');
      await program.tells('message chat one');

      // XEP-0280: what the other device does.
      const laptop = await Actor.login(server.port, who);
      await laptop.available();
      laptop.send(`<message to='${alice.jid}' type='chat'><body>two</body></message>`);
      await alice.receives(`<message from='${laptop.jid}'><body>two</body></message>`);
      await program.tells('copy sent two');
      say(laptop.jid, 'three');
      await program.tells('copy received three');
      await laptop.leave();

      // XEP-0198: what is sent while nobody is there, or still believed to be.
      program.does('cut');
      await program.tells('disconnected');
      for (const body of ['four', 'five', 'six']) say(jid, body);
      await handled(alice, bare);
      program.does(`say ${alice.jid} seven`);
      program.does('return');
      expect(await program.tells('resumed ')).toBe(jid);
      await program.tells('message chat six');
      expect(program.lines.filter((line) => line.startsWith('message')).slice(1)).toEqual(
        ['four', 'five', 'six'].map((body) => `message chat ${body}`),
      );
      await alice.receives(`<message from='${jid}'><body>seven</body></message>`);
      program.does('ask');
      await program.tells('acknowledged seven');

      // XEP-0313, in pages of two.
      program.does('archive');
      expect(await program.tells('archive ')).toBe('one,two,three,four,five,six,seven');

      // XEP-0191.
      program.does(`block ${alice.bare}`);
      expect(await program.tells('blocked ')).toBe(alice.bare);
      say(bare, 'eight');
      await alice.receives(`<message type='error' from='${bare}'/>`);
      program.does(`unblock ${alice.bare}`);
      await program.tells('unblocked');
      say(bare, 'nine');
      await program.tells('message chat nine');
      expect(program.lines).not.toContain('message chat eight');
      program.does('leave');
      await program.tells('disconnected', 2);
    } finally {
      program.end();
      alice.vanish();
    }
  });
});
