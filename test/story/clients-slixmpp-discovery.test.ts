/** slixmpp, a client library of others, discovers every kind of server, and is discovered. */
import { spawn, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { Actor, register } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { onEachServer } from '../support/story/story.js';

const SCRIPT = fileURLToPath(new URL('../support/clients/slixmpp_discovery.py', import.meta.url));
/** Debian's package belongs to Debian's Python, which need not be the first one. */
const python = ['python3', '/usr/bin/python3'].find(
  (program) => spawnSync(program, ['-c', 'import slixmpp'], { stdio: 'ignore' }).status === 0,
);
const why = python ? '' : ' (skipped: slixmpp is not installed: apt-get install python3-slixmpp)';

onEachServer(`slixmpp, discovery${why}`, (server) => {
  it.skipIf(!python)('verifies our capabilities, proves its own, and runs a command', async () => {
    const account = {
      username: `d-${Math.random().toString(36).slice(2)}`,
      domain: 'localhost',
      password: 'its secret',
    };
    await register(server.port, account);
    const bare = `${account.username}@localhost`;
    const watcher = await Actor.login(server.port, account);
    await watcher.available();

    const program = spawn(python as string, [SCRIPT, String(server.starttlsPort), bare, account.password]);
    let output = '';
    program.stdout.on('data', (data) => (output += data));
    program.stderr.on('data', (data) => (output += data));
    const ended = new Promise((resolve) => program.once('close', resolve));
    try {
      const presence = await watcher.receives(
        `<presence><c xmlns='http://jabber.org/protocol/caps' ver='*'/></presence>`,
      );
      await eventually(() => output.includes('done '));
      // What slixmpp has proved is known of everybody who shows the same.
      await watcher.available(presence.getChild('c')?.toString());
      const asked = (await watcher.hasReceived()).filter((one) => one.is('iq') && one.getChild('query'));
      expect(asked.map(String)).toEqual([]);
      program.stdin.end('enough\n');
      await ended;
    } finally {
      program.kill();
      watcher.vanish();
    }
    expect(output).toContain("identities [('server', 'im')]");
    expect(output).toMatch(/^features .*http:\/\/jabber\.org\/protocol\/commands.* urn:xmpp:sic:1/m);
    expect(output).toContain('verified True');
    expect(output).toContain('commands ping');
    expect(output).toContain('command completed');
    expect(output).toContain('software Meerkat');
    expect(output).toMatch(/^time 20\d\d-/m);
  });
});
