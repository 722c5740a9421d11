/** What accounts have entrusted to the server is there again after a stop in order and a new start. */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { Actor, authenticate } from '../support/story/actor.js';
import { handled } from '../support/story/fence.js';
import { takeKept } from '../support/story/kept-messages.js';
import { QuietBosh } from '../support/story/quiet-bosh.js';
import { RawClient } from '../support/story/raw-client.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { befriend } from '../support/story/story.js';

const cleanUp: (() => unknown)[] = [];

afterEach(async () => {
  for (const work of cleanUp.splice(0).reverse()) await work();
});

for (const engine of ENGINES) {
  describe(`an orderly restart [${engine}]`, () => {
    it('keeps accounts, rosters, private data, vCards, the last password and messages for those who were away', async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'meerkat-restart-'));
      cleanUp.push(() => rmSync(dataDir, { recursive: true, force: true }));
      const first = await serve({ engine, shards: 2, dataDir });
      const { alice, bob } = await liveALittle(first);
      const carol = await fallBehind(first, bob);
      expect(await first.stop()).toBe(0);
      // The log was moved into the database, so that this one file is the whole backup.
      expect(existsSync(join(dataDir, 'meerkat.db-wal'))).toBe(false);
      expect(existsSync(join(dataDir, 'control.sock'))).toBe(false);

      // Another number of shards: homes change, data does not.
      const second = await serve({ engine, shards: 3, dataDir });
      const again = await Actor.login(second.port, { ...alice, password: 'a new secret' });
      await expectRoster(again, bob);
      expect(
        String(
          await again.asks(`<iq type='get'><query xmlns='jabber:iq:private'><x xmlns='test:notes'/></query></iq>`),
        ),
      ).toContain('<note>buy milk</note>');
      expect(String(await again.asks(`<iq type='get'><vCard xmlns='vcard-temp'/></iq>`))).toContain(
        '<FN>Alice Liddell</FN>',
      );
      again.send('<presence/>');
      const kept = await again.receives(`<message from='${bob.jid}'><body>while you were away</body></message>`);
      expect(kept.getChild('delay', 'urn:xmpp:delay')?.attrs['from']).toBe('localhost');

      const stale = await RawClient.connect(second.port);
      await stale.open();
      await expect(authenticate(stale, alice)).rejects.toThrow('not-authorized');
      again.vanish();
      stale.destroy();
      expect(await takeKept(second.port, carol)).toEqual(['for who was slow']);
    });
  });
}

async function serve(options: Parameters<typeof startServer>[0]): Promise<TestServer> {
  const server = await startServer(options);
  cleanUp.push(() => server.process.kill('SIGKILL'));
  return server;
}

async function liveALittle(server: TestServer): Promise<{ alice: Actor; bob: Actor }> {
  const [alice, bob] = (await Promise.all(
    ['alice', 'bob'].map((username) =>
      Actor.join(server.port, { username, domain: 'localhost', password: `pass of ${username}` }),
    ),
  )) as [Actor, Actor];
  await Promise.all([alice.available(), bob.available()]);
  await befriend(alice, bob);
  const item = `<item jid='${bob.bare}' name='Bobby'><group>Friends</group><group>Work &amp; play</group></item>`;
  await acknowledged(alice, `<iq type='set'><query xmlns='jabber:iq:roster'>${item}</query></iq>`);
  await acknowledged(
    alice,
    `<iq type='set'><query xmlns='jabber:iq:private'><x xmlns='test:notes'><note>buy milk</note></x></query></iq>`,
  );
  await acknowledged(alice, `<iq type='set'><vCard xmlns='vcard-temp'><FN>Alice Liddell</FN></vCard></iq>`);
  const change = `<username>${alice.username}</username><password>a new secret</password>`;
  await acknowledged(alice, `<iq type='set'><query xmlns='jabber:iq:register'>${change}</query></iq>`);
  await alice.leave();
  await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
  bob.send(`<message to='${alice.bare}' type='chat'><body>while you were away</body></message>`);
  // The answer comes behind the message on the same way.
  await bob.asks(`<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>`);
  return { alice, bob };
}

/** Somebody over BOSH, who asks for nothing while a message waits. */
async function fallBehind({ port, ports }: TestServer, bob: Actor): Promise<Actor> {
  const carol = await Actor.join(port, { username: 'carol', domain: 'localhost', password: 'pass of carol' });
  const page = await QuietBosh.login(ports[5] as number, carol);
  await page.pause(60);
  bob.send(`<message to='${page.actor.jid}' type='chat'><body>for who was slow</body></message>`);
  await handled(bob, carol.bare);
  return carol;
}

async function acknowledged(actor: Actor, request: string): Promise<void> {
  expect((await actor.asks(request)).attrs['type']).toBe('result');
}

async function expectRoster(alice: Actor, bob: Actor): Promise<void> {
  const answer = await alice.asks(`<iq type='get'><query xmlns='jabber:iq:roster'/></iq>`);
  const items = answer.getChild('query')?.getChildren('item') ?? [];
  expect(items.map((item) => item.attrs)).toEqual([{ jid: bob.bare, name: 'Bobby', subscription: 'both' }]);
  expect(
    items[0]
      ?.getChildren('group')
      .map((group) => group.getText())
      .sort(),
  ).toEqual(['Friends', 'Work & play']);
}
