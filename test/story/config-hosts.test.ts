/** Options at work: domains apart from each other, access rules, limits on accounts, threads and levels of the log. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Actor, bind, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { RawClient } from '../support/story/raw-client.js';

const HOSTS = `
[modules.mod_private]
[[host_config]]
  host = "guests.example"
  [host_config.auth]
    methods = ["anonymous"]
  [host_config.modules]
    [host_config.modules.mod_ping]
`;

onBothEngines(
  'two hosts with settings of their own',
  (engine) => ownConfig({ engine, shards: 2, hosts: ['staff.example', 'guests.example'], rest: HOSTS }),
  (server) => {
    it('each has its own ways to log in', async () => {
      expect(await mechanisms(server().port, 'guests.example')).toEqual(['ANONYMOUS']);
      expect(await mechanisms(server().port, 'staff.example')).not.toContain('ANONYMOUS');
      // Without mod_register this is a stanza before its time.
      const client = await RawClient.connect(server().port);
      await client.open('guests.example');
      client.send(`<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>`);
      expect(await client.fails()).toBe('not-authorized');
    });

    it('and its own modules', async () => {
      const ann = await Actor.join(server().port, { username: 'ann', domain: 'staff.example', password: 'x' });
      const guest = await guestAt(server().port);
      const roster = `<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`;
      guest.send(roster.replace('<iq', `<iq id='r'`));
      const refusal = await guest.next((element) => element.attrs['id'] === 'r');
      expect(refusal.getChild('error')?.getChild('service-unavailable')).toBeDefined();
      expect((await ann.asks(roster)).attrs['type']).toBe('result');
      guest.send(`<iq type='get' to='guests.example' id='p'><ping xmlns='urn:xmpp:ping'/></iq>`);
      expect((await guest.next((element) => element.attrs['id'] === 'p')).attrs['type']).toBe('result');
      ann.vanish();
      guest.destroy();
    });

    it('and users of one can write to those of the other', async () => {
      const ann = await Actor.join(server().port, { username: 'bea', domain: 'staff.example', password: 'x' });
      await ann.available();
      const guest = await guestAt(server().port);
      guest.send(`<message to='${ann.bare}' type='chat'><body>hello</body></message>`);
      const message = await ann.receives('<message><body>hello</body></message>');
      expect(message.attrs['from']).toMatch(/@guests\.example\//);
      ann.vanish();
      guest.destroy();
    });
  },
);

const RULES = `
[access]
  c2s = [{acl = "blocked", value = "deny"}, {acl = "staff", value = "deny"}, {acl = "all", value = "allow"}]
  makers = [{acl = "reserved", value = "deny"}, {acl = "all", value = "allow"}]
[acl]
  blocked = [{user = "mallory"}, {user_regexp = "^spam[0-9]+$"}, {user_glob = "evil-*", server = "localhost"}]
  staff = [{match = "any_hosted_domain", server_glob = "staff.*"}]
  reserved = [{user_regexp = "^admin"}]
`;

onBothEngines(
  'access rules',
  (engine) =>
    ownConfig({
      engine,
      hosts: ['localhost', 'staff.example'],
      listeners: ['access = "c2s"'],
      rest: RULES,
    }).replace('[modules.mod_register]', '[modules.mod_register]\n  access = "makers"'),
  (server) => {
    it.each([
      ['mallory', 'localhost', false],
      ['Mallory', 'localhost', false],
      ['mallory2', 'localhost', true],
      ['spam77', 'localhost', false],
      ['spam77x', 'localhost', true],
      ['evil-twin', 'localhost', false],
      ['not-evil-twin', 'localhost', true],
      ['ann', 'staff.example', false],
    ])('%s@%s: %s', async (username, domain, isAllowed) => {
      const credentials = { username, domain, password: 'x' };
      await register(server().port, credentials);
      const outcome = await Actor.login(server().port, credentials).catch((error: Error) => error.message);
      if (isAllowed) (outcome as Actor).vanish();
      else expect(outcome).toMatch(/binding refused: .*<not-allowed/);
    });

    it('mod_register.access decides who may take a name', async () => {
      const refusal = await register(server().port, { username: 'administrator', domain: 'localhost', password: 'x' });
      expect(refusal.getChild('error')?.getChild('forbidden')).toBeDefined();
    });
  },
);

onBothEngines(
  'limits on making accounts',
  (engine) =>
    ownConfig({ engine, shards: 3, hosts: ['localhost', 'full.example'] })
      .replace('registration_timeout = "infinity"', 'registration_timeout = 3600')
      .concat(
        '[[host_config]]\n  host = "full.example"\n  [host_config.auth]\n    methods = ["internal"]\n    max_users_per_domain = 1\n',
      ),
  (server) => {
    it('registration_timeout holds for the whole server, whichever shard is asked', async () => {
      const outcomes: string[] = [];
      for (let number = 0; number < 4; number++) {
        const answer = await register(server().port, {
          username: `user-${number}`,
          domain: 'localhost',
          password: 'x',
        });
        outcomes.push(answer.getChild('error')?.getChildElements()[0]?.getName() ?? 'result');
      }
      expect(outcomes).toEqual(['result', 'resource-constraint', 'resource-constraint', 'resource-constraint']);
    });

    it('max_users_per_domain holds for administrators too, and frees a place when an account goes', async () => {
      const ctl = new Ctl(server().dataDir);
      const add = (name: string) =>
        ctl.json('account registerUser --domain full.example --password x --username', name);
      expect((await add('first')).code).toBe(0);
      expect((await add('second')).error.extensions['code']).toBe('limit_per_domain_exceeded');
      expect((await ctl.json('account removeUser --user first@full.example')).code).toBe(0);
      expect((await add('second')).code).toBe(0);
    });
  },
);

onBothEngines(
  'ip_access',
  (engine) =>
    ownConfig({ engine }).replace(
      '[modules.mod_register]',
      '[modules.mod_register]\n  ip_access = [{address = "10.0.0.0/8", policy = "allow"}, {address = "127.0.0.0/8", policy = "deny"}]',
    ),
  (server) => {
    it('an address that is denied neither sees registration offered nor gets it', async () => {
      const client = await RawClient.connect(server().port);
      expect((await client.open()).getChild('register')).toBeUndefined();
      client.destroy();
      const refusal = await register(server().port, { username: 'ann', domain: 'localhost', password: 'x' });
      expect(refusal.getChild('error')?.getChild('forbidden')).toBeDefined();
      expect((await new Ctl(server().dataDir).json('account countUsers --domain localhost')).result).toBe(0);
    });
  },
);

onBothEngines(
  'the section [meerkat], and loglevel',
  (engine) => ownConfig({ engine, shards: 3 }).replace('loglevel = "warning"', 'loglevel = "info"'),
  (server, engine) => {
    it('engine and shards are those of the file, and entries of the level come with the shard that wrote them', async () => {
      expect(server().output()).toContain(`${engine} engine, 3 shards`);
      const ann = await Actor.join(server().port, { username: 'ann', domain: 'localhost', password: 'x' });
      const entries = server()
        .output()
        .split('\n')
        .filter((line) => line.includes('c2s.session.opened'));
      expect(JSON.parse(entries[0] as string)).toMatchObject({
        level: 'info',
        shard: expect.any(Number),
        jid: ann.jid,
      });
      expect(existsSync(join(server().dataDir, 'meerkat.db'))).toBe(true);
      ann.vanish();
    });
  },
);

async function mechanisms(port: number, domain: string): Promise<string[]> {
  const client = await RawClient.connect(port);
  const features = await client.open(domain);
  client.destroy();
  return (features.getChild('mechanisms')?.getChildren('mechanism') ?? []).map((one) => one.getText());
}

async function guestAt(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port);
  await client.open('guests.example');
  client.send(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>`);
  await client.next((element) => element.is('success'));
  await client.open('guests.example');
  await bind(client);
  return client;
}
