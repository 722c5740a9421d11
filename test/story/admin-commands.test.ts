/** Every command of `meerkatctl` against a server at work, as people read it and as `--json`. */
import { statSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { authenticate } from '../support/story/actor.js';
import { Ctl } from '../support/story/ctl.js';
import { RawClient } from '../support/story/raw-client.js';
import { befriend, onEachServer, stories } from '../support/story/story.js';

stories('session commands', (story) => {
  story('listSessions tells what is true of each session', { alice: 2 }, async ({ alice, alice2 }, server) => {
    const ctl = new Ctl(server.dataDir);
    await alice!.available('<priority>7</priority><show>away</show>');
    const { result } = await ctl.json('session listUserSessions --user', alice!.bare);
    const [one, other] = [sessionOf(result, alice!), sessionOf(result, alice2!)];
    const facts = { connection: 'c2s', ip: '127.0.0.1', node: expect.stringMatching(/^meerkat@/) };
    expect(one).toEqual({ ...facts, user: alice!.jid, priority: 7, port: portOf(alice!), uptime: expect.any(Number) });
    expect(other).toEqual({
      ...facts,
      user: alice2!.jid,
      priority: null,
      port: portOf(alice2!),
      uptime: expect.any(Number),
    });
    expect(one.uptime).toBeLessThan(60);
    const everybody = (await ctl.json('session listSessions --domain localhost')).result as { user: string }[];
    expect(everybody.filter(({ user }) => user.startsWith(`${alice!.bare}/`))).toHaveLength(2);
    expect((await ctl.json('session listSessions --domain other.example')).result).toEqual([]);
    expect((await ctl.json('session countUserResources --user', alice!.bare)).result).toBe(2);
    expect((await ctl.json('session countSessions')).result).toBeGreaterThanOrEqual(2);
    const resources = [alice!, alice2!].map(({ resource }) => resource).sort();
    expect((await ctl.json('session getUserResource --number 2 --user', alice!.bare)).result).toBe(resources[1]);

    const table = (await ctl.run('session listUserSessions --user', alice!.bare)).out.trimEnd().split('\n');
    expect(table[0]).toMatch(/^user +connection +ip +port +priority +node +uptime$/);
    expect(table).toHaveLength(3);
    expect(table.join('\n')).toContain(alice2!.jid);
  });

  story(
    'kickUserSession ends one session with a stream error that tells the reason',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }, server) => {
      await Promise.all([alice!.available(), bob!.available()]);
      await befriend(alice!, bob!);
      const { result } = await new Ctl(server.dataDir).json(
        'session kickUserSession --user',
        alice!.jid,
        '--reason',
        'go <home> & rest',
      );
      expect(result).toEqual({ jid: alice!.jid, kicked: true, code: null, message: expect.any(String) });
      const error = await alice!.client.next((element) => element.is('error', 'http://etherx.jabber.org/streams'));
      expect(error.getChild('policy-violation')).toBeDefined();
      expect(error.getChildText('text')).toBe('go <home> & rest');
      await alice!.client.closed();
      await bob!.receives(`<presence type='unavailable' from='${alice!.jid}'/>`);
      await alice2!.hasReceived();
    },
  );

  story('kickUser ends all sessions of an account', { alice: 2 }, async ({ alice, alice2 }, server) => {
    const { result } = await new Ctl(server.dataDir).json('session kickUser --user', alice!.bare);
    expect(result.map(({ jid }: { jid: string }) => jid)).toEqual([alice!.jid, alice2!.jid].sort());
    expect([await alice!.client.fails(), await alice2!.client.fails()]).toEqual([
      'policy-violation',
      'policy-violation',
    ]);
  });
});

stories('account commands', (story) => {
  story(
    'registerUser, checkUser, checkPassword, changeUserPassword, countUsers, listUsers',
    { alice: 1 },
    async ({ alice }, server) => {
      const ctl = new Ctl(server.dataDir);
      const name = `new-${alice!.username}`;
      const jid = `${name}@other.example`;
      const before = (await ctl.json('account countUsers --domain other.example')).result as number;
      const made = await ctl.json(
        'account registerUser --domain other.example --password first --username',
        name.toUpperCase(),
      );
      expect(made.result).toEqual({ jid, message: expect.stringContaining(jid) });
      expect((await ctl.json('account countUsers --domain other.example')).result).toBeGreaterThan(before);
      expect((await ctl.json('account checkUser --user', jid)).result).toMatchObject({ exist: true });
      expect((await ctl.json('account checkUser --user', `no-${jid}`)).result).toMatchObject({ exist: false });
      expect((await ctl.json('account checkPassword --password first --user', jid)).result).toMatchObject({
        correct: true,
      });
      expect((await ctl.json('account checkPassword --password second --user', jid)).result).toMatchObject({
        correct: false,
      });
      expect((await ctl.json('account changeUserPassword --newPassword second --user', jid)).result.jid).toBe(jid);
      expect((await ctl.json('account checkPassword --password second --user', jid)).result).toMatchObject({
        correct: true,
      });
      const all = (await ctl.json('account listUsers --domain other.example')).result as string[];
      expect(all).toContain(jid);
      expect(all).toEqual(all.toSorted());
      const human = await ctl.run('account checkUser --user', jid);
      expect(human).toEqual({ code: 0, error: '', out: `exist    yes\nmessage  Account ${jid} exists\n` });
      const nameless = await ctl.json('account registerUser --domain other.example --password x');
      expect(nameless.result.jid).toMatch(/^[0-9a-f]{16}@other\.example$/);
      expect(
        (await ctl.json('account checkPasswordHash --passwordHash 00 --hashMethod md5 --user', jid)).error.extensions[
          'code'
        ],
      ).toBe('wrong_user');
    },
  );

  story('banUser ends the sessions and takes the password away', { alice: 1 }, async ({ alice }, server) => {
    const ctl = new Ctl(server.dataDir);
    expect((await ctl.json('account banUser --reason spam --user', alice!.bare)).result.jid).toBe(alice!.bare);
    expect(await alice!.client.fails()).toBe('policy-violation');
    const client = await RawClient.connect(server.port);
    await client.open();
    await expect(authenticate(client, alice!)).rejects.toThrow('not-authorized');
    client.destroy();
    expect((await ctl.json('account checkUser --user', alice!.bare)).result.exist).toBe(true);
  });

  story(
    'removeUser ends the sessions and removes everything of the account',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, server) => {
      const ctl = new Ctl(server.dataDir);
      await Promise.all([alice!.available(), bob!.available()]);
      await befriend(alice!, bob!);
      await alice!.asks(`<iq type='set'><query xmlns='jabber:iq:private'><n xmlns='test:n'>mine</n></query></iq>`);
      await alice!.asks(`<iq type='set'><vCard xmlns='vcard-temp'><FN>Alice</FN></vCard></iq>`);
      expect((await ctl.json('account removeUser --user', alice!.bare)).result.jid).toBe(alice!.bare);
      expect(await alice!.client.fails()).toBe('not-authorized');

      // Who takes the name next finds nothing of it.
      const more = ['--domain', 'localhost', '--username', alice!.username, '--password', alice!.password];
      expect((await ctl.json('account registerUser', ...more)).code).toBe(0);
      const heir = await alice!.another(server.port);
      const roster = await heir.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`);
      expect(roster.getChild('query')?.getChildren('item')).toEqual([]);
      expect(
        String(await heir.asks(`<iq type='get'><query xmlns='jabber:iq:private'><n xmlns='test:n'/></query></iq>`)),
      ).not.toContain('mine');
      expect((await heir.asks(`<iq type='get'><vCard xmlns='vcard-temp'/></iq>`)).attrs['type']).toBe('error');
      heir.vanish();
    },
  );
});

onEachServer('the control socket', (server) => {
  const ctl = new Ctl(server.dataDir);

  it('server status and getLoglevel', async () => {
    const { result } = await ctl.json('server status');
    expect(result).toMatchObject({
      statusCode: 'RUNNING',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      commitHash: '',
    });
    expect((await ctl.run('status')).out).toContain('RUNNING');
    expect((await ctl.json('server getLoglevel')).result).toBe('WARNING');
  });

  it('may be opened by the user of the server alone', () => {
    expect(statSync(join(server.dataDir, 'control.sock')).mode & 0o777).toBe(0o600);
  });

  it('answers garbage with errors, and goes on', async () => {
    expect(await talk(server.dataDir, '\u0000\u0001garbage\n{"id":7}\n[1,2]\n')).toEqual([
      expect.stringContaining('invalid_request'),
      expect.stringContaining('invalid_request'),
      expect.stringContaining('invalid_request'),
    ]);
    expect(await talk(server.dataDir, 'x'.repeat(100_000))).toEqual([expect.stringContaining('request_too_long')]);
    expect((await ctl.run('status')).code).toBe(0);
  });

  describe('refusals', () => {
    it.each([
      ['account frobnicate', 1, /no command of account named frobnicate/],
      ['accuont listUsers', 1, /accuont/],
      ['account listUser --domain localhost', 1, /did you mean listUsers\?/],
      ['account listUsers', 1, /--domain is missing: a domain \(missing_argument\)/],
      [
        'account listUsers --domain localhost --limit many',
        1,
        /--limit: "many" is not a whole number above 0 \(invalid_argument\)/,
      ],
      ['account checkUser --user @@', 1, /--user: "@@" is not an address/],
      [
        'account countUsers --domain nowhere.example',
        1,
        /Domain nowhere\.example is not served here \(domain_not_found\)/,
      ],
      ['account registerUser --domain localhost --username a --password', 1, /argument missing/],
      ['session kickUserSession --user a@localhost', 1, /is not an address with a resource/],
      ['server setLoglevel --level loud', 1, /is not one of none, emergency/],
    ])('%s', async (line, code, text) => {
      const answer = await ctl.run(line);
      expect(answer.error).toMatch(text);
      expect(answer).toMatchObject({ code, out: '' });
    });

    it('are errors of GraphQL with --json', async () => {
      const { code, result, error } = await ctl.json('account removeUser --user nobody@localhost');
      expect({ code, result }).toEqual({ code: 1, result: null });
      expect(error).toMatchObject({ path: ['account', 'removeUser'], extensions: { code: 'not_allowed' } });
    });
  });
});

function sessionOf(list: { user: string; uptime: number }[], { jid }: Actor): { user: string; uptime: number } {
  return list.find(({ user }) => user === jid) as { user: string; uptime: number };
}

function portOf(actor: Actor): number {
  return actor.client.socket.localPort as number;
}

/** Sends bytes and returns the lines of the answer. */
function talk(dataDir: string, text: string): Promise<string[]> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(join(dataDir, 'control.sock'), () => socket.end(text));
    socket.on('data', (data) => {
      answer += data;
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer.trimEnd().split('\n')));
  });
}
