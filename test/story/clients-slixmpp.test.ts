/** slixmpp, a client library of others, against every kind of server. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Actor, register } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { onEachServer } from '../support/story/story.js';

const SCRIPT = fileURLToPath(new URL('../support/clients/slixmpp_chat.py', import.meta.url));
/** Debian's package belongs to Debian's Python, which need not be the first one. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import slixmpp'], { stdio: 'ignore' }).status === 0,
);
const why = python ? '' : ' (skipped: slixmpp is not installed: apt-get install python3-slixmpp)';

onEachServer(`slixmpp${why}`, (server) => {
  it.skipIf(!python)('logs in over STARTTLS, adds a contact, and chats', async () => {
    const peer = { username: `s-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'its secret' };
    await register(server.port, peer);
    const alice = await Actor.join(server.port, { username: `a-${peer.username}`, domain: 'localhost', password: 'x' });
    await alice.available();

    const bare = `${peer.username}@localhost`;
    const program = spawn(python as string, [SCRIPT, String(server.starttlsPort), bare, peer.password, alice.bare]);
    let output = '';
    program.stdout.on('data', (data) => (output += data));
    program.stderr.on('data', (data) => (output += data));
    const ended = new Promise((resolve) => program.once('close', resolve));
    try {
      await alice.receives(`<presence type='subscribe' from='${bare}'/>`);
      alice.send(`<presence type='subscribed' to='${bare}'/>`);
      await eventually(() => output.includes('online '));
      alice.send(`<message type='chat' to='${bare}'><body>Hello, world &amp; 世界</body></message>`);
      await alice.receives(`<message type='chat'><body>you said: Hello, world &amp; 世界</body></message>`);
      await ended;
    } finally {
      program.kill();
      alice.vanish();
    }
    expect(output).toContain('tls True');
    expect(output).toContain('message Hello, world & 世界');
    expect(output).toMatch(new RegExp(`roster .*${alice.bare}`));
  });
});
