/** XEP-0124 and XEP-0206: what the client of a session over BOSH did not get is not lost, and what it has does not come twice. */
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive } from '../support/story/archive.js';
import { handled, stored } from '../support/story/fence.js';
import { takeKept } from '../support/story/kept-messages.js';
import { enable } from '../support/story/managed.js';
import { bodiesIn, QuietBosh } from '../support/story/quiet-bosh.js';
import { stories } from '../support/story/story.js';

const BODIES = ['one', 'two', 'three'];

/** Sends them, and resolves once they are on their way to the session. */
async function say(alice: Actor, to: string, bodies: readonly string[] = BODIES): Promise<void> {
  for (const body of bodies) alice.send(`<message to='${to}' type='chat' id='${body}'><body>${body}</body></message>`);
  await handled(alice, to.split('/')[0] as string);
}

/** Another session of the same account, which gets no messages to the account; it sees the one over BOSH go. */
async function watch(bob: Actor): Promise<void> {
  await bob.available('<priority>-1</priority>');
}

async function seesGo(bob: Actor, { actor }: QuietBosh): Promise<void> {
  await bob.receives(`<presence type='unavailable' from='${actor.jid}'/>`);
  actor.vanish();
  await stored(bob);
}

const messages = async (actor: Actor) => (await actor.hasReceived()).filter((one) => one.is('message'));

stories('XEP-0206 section 7', (story) => {
  story(
    'what waits for a client that asks for nothing any more is kept when its session ends by inactivity, in order',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port, boshPort }) => {
      await watch(bob);
      const page = await QuietBosh.login(boshPort, bob);
      await page.pause(1);
      await say(alice, page.actor.jid);
      alice.send(`<iq type='get' to='${page.actor.jid}' id='version'><query xmlns='jabber:iq:version'/></iq>`);
      expect(String(await alice.receives(`<iq type='error' id='version'/>`))).toContain('service-unavailable');
      await seesGo(bob, page);
      expect((await archive(bob)).bodies).toEqual(BODIES);
      bob.vanish();
      expect(await takeKept(port, bob)).toEqual(BODIES);
    },
  );

  story(
    'it goes to another resource that is there, once, with the time at which it came (XEP-0203)',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { boshPort }) => {
      await bob.available();
      const page = await QuietBosh.login(boshPort, bob);
      await page.pause(60);
      await say(alice, page.actor.jid);
      // Both have this one.
      await say(alice, bob.bare, ['for both']);
      expect((await bob.receives(`<message id='for both'/>`)).getChild('delay')).toBeUndefined();
      await page.end();
      await seesGo(bob, page);
      const came = await messages(bob);
      const { ids } = await archive(bob);
      expect(came.map((message) => message.getChild('stanza-id')?.attrs['id'])).toEqual(ids.slice(0, BODIES.length));
      expect(came.map((message) => message.getChildText('body'))).toEqual(BODIES);
      for (const message of came) {
        expect(message.attrs['from']).toBe(alice.jid);
        expect(message.getChild('delay', 'urn:xmpp:delay')?.attrs['from']).toBe('localhost');
      }
    },
  );

  story(
    'what another client has a copy of (XEP-0280) does not come to that once more',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { boshPort }) => {
      await bob.available();
      await bob.asks(`<iq type='set'><enable xmlns='urn:xmpp:carbons:2'/></iq>`);
      const page = await QuietBosh.login(boshPort, bob);
      await page.pause(60);
      await say(alice, page.actor.jid, ['copied']);
      await bob.receives('<message><received/></message>');
      await page.end();
      await seesGo(bob, page);
      expect(await messages(bob)).toEqual([]);
    },
  );

  story(
    'an answer that was under way when the client vanished counts as lost; one behind which it asked on does not',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port, boshPort }) => {
      await watch(bob);
      const page = await QuietBosh.login(boshPort, bob);
      await say(alice, page.actor.jid, ['heard']);
      await page.actor.receives(`<message id='heard'/>`);
      const held = page.ask();
      await say(alice, page.actor.jid, ['under way']);
      expect(bodiesIn(await held)).toEqual(['under way']);
      await page.end();
      await seesGo(bob, page);
      bob.vanish();
      expect(await takeKept(port, bob)).toEqual(['under way']);
    },
  );

  story(
    'a client that ends its session gets nothing twice: what waits is kept, and what was answered is not',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port, boshPort }) => {
      await watch(bob);
      const page = await QuietBosh.login(boshPort, bob);
      await say(alice, page.actor.jid, ['answered']);
      await page.actor.receives(`<message id='answered'/>`);
      await page.pause(60);
      await say(alice, page.actor.jid);
      const last = await page.ask({ type: 'terminate' }, `<presence xmlns='jabber:client' type='unavailable'/>`);
      expect(last).toContain("type='terminate'");
      expect(bodiesIn(last)).toEqual([]);
      await seesGo(bob, page);
      bob.vanish();
      expect(await takeKept(port, bob)).toEqual(BODIES);
    },
  );

  story(
    'who takes the place of a session gets what that one did not',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port, boshPort }) => {
      const page = await QuietBosh.login(boshPort, bob);
      await page.pause(60);
      await say(alice, page.actor.jid);
      const next = await bob.another(port, page.actor.resource);
      await next.available();
      for (const body of BODIES) await next.receives(`<message id='${body}'/>`);
      await stored(next);
      expect(await messages(next)).toEqual([]);
      next.vanish();
      page.actor.vanish();
    },
  );

  story(
    'with stream management (XEP-0198) it is that which gives back, once; the archive has each once (XEP-0313)',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port, boshPort }) => {
      await watch(bob);
      const page = await QuietBosh.login(boshPort, bob, async (actor) => void (await enable(actor, '')));
      await say(alice, page.actor.jid, ['unacknowledged']);
      await page.actor.receives(`<message id='unacknowledged'/>`);
      await page.pause(60);
      await say(alice, page.actor.jid);
      await page.end();
      await seesGo(bob, page);
      expect((await archive(bob)).bodies).toEqual(['unacknowledged', ...BODIES]);
      bob.vanish();
      expect(await takeKept(port, bob)).toEqual(['unacknowledged', ...BODIES]);
    },
  );
});
