/** RFC 6121 section 3: how contacts come to see one another's presence, and how that ends. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import { type Actor, authenticate } from '../support/story/actor.js';
import { handled, stored } from '../support/story/fence.js';
import { RawClient } from '../support/story/raw-client.js';
import { befriend, stories } from '../support/story/story.js';

const ROSTER = 'jabber:iq:roster';

/** What the list of `owner` says about `contact`: subscription, and ask if there is one. */
async function relation(owner: Actor, contact: Actor): Promise<string> {
  const answer = await owner.asks(`<iq type='get'><query xmlns='${ROSTER}'/></iq>`);
  const item = answer
    .getChild('query')
    ?.getChildren('item')
    .find(({ attrs }) => attrs['jid'] === contact.bare);
  if (!item) return 'nothing';
  return [item.attrs['subscription'], item.attrs['ask']].filter(Boolean).join(' ');
}

function push(contact: Actor, attributes: string): string {
  return `<iq type='set'><query xmlns='${ROSTER}'><item jid='${contact.bare}' ${attributes}/></query></iq>`;
}

/** Both have the list and are available. */
async function ready(...actors: readonly Actor[]): Promise<void> {
  for (const actor of actors) {
    await actor.asks(`<iq type='get'><query xmlns='${ROSTER}'/></iq>`);
    await actor.available();
    await actor.hasReceived();
  }
}

/** Kinds of what came, in order: `presence subscribed`, `iq set`. */
function kinds(elements: readonly Element[]): string[] {
  return elements.map((element) => [element.getName(), element.attrs['type']].filter(Boolean).join(' '));
}

stories('RFC 6121 section 3.1: asking for a subscription', (story) => {
  story(
    'it is asked, pushed to the asker, shown to the other and approved',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      alice.send(`<presence type='subscribe' to='${bob.jid}' id='s1'><status>hi</status></presence>`);
      await alice.receives(push(bob, "subscription='none' ask='subscribe'"));
      const request = await bob.receives(
        `<presence type='subscribe' from='${alice.bare}' to='${bob.bare}'><status>hi</status></presence>`,
      );
      expect(request.attrs['id']).toBe('s1');
      // Section 3.1.3: a request alone is no reason for a push.
      expect(kinds(await bob.hasReceived(alice))).toEqual([]);
      expect(await relation(bob, alice)).toBe('nothing');

      bob.send(`<presence type='subscribed' to='${alice.bare}'/>`);
      await bob.receives(push(alice, "subscription='from'"));
      await alice.receives(`<presence from='${bob.jid}' to='${alice.bare}'/>`.replace(` to='${alice.bare}'`, ''));
      expect(await relation(alice, bob)).toBe('to');
      expect(await relation(bob, alice)).toBe('from');
    },
  );

  story(
    'section 3.1.6: the approval comes before the push, the push before presence',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
      await bob.receives(`<presence type='subscribe'/>`);
      await alice.receives(push(bob, "ask='subscribe'"));
      bob.send(`<presence type='subscribed' to='${alice.bare}'/>`);
      const came = await alice.hasReceived(bob);
      expect(kinds(came)).toEqual(['presence subscribed', 'iq set', 'presence']);
      expect(came[0]?.attrs['from']).toBe(bob.bare);
      expect(came[2]?.attrs['from']).toBe(bob.jid);
    },
  );

  story('section 3.1.2: asking again reaches the other only once', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    for (let times = 0; times < 3; times++) alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    await bob.receives(`<presence type='subscribe'/>`);
    expect(kinds(await bob.hasReceived(alice))).toEqual([]);
    expect(kinds(await alice.hasReceived())).toEqual(['iq set']);
  });

  story(
    'section 3.1.3: who is subscribed already gets the answer from the server',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      await befriend(alice, bob);
      await alice.hasReceived(bob);
      await bob.hasReceived(alice);
      alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
      expect(kinds(await bob.hasReceived(alice))).toEqual([]);
      expect(await relation(alice, bob)).toBe('both');
    },
  );

  story(
    'section 3.1.3: a request waits for one who is away, and is shown until it is answered',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await ready(alice);
      await bob.leave();
      alice.send(`<presence type='subscribe' to='${bob.bare}'><status>please</status></presence>`);
      await alice.receives(push(bob, "ask='subscribe'"));
      await handled(alice, bob.bare);
      for (let login = 0; login < 2; login++) {
        const back = await bob.another(port);
        await back.available();
        await back.receives(`<presence type='subscribe' from='${alice.bare}'><status>please</status></presence>`);
        // An update is no login.
        await back.available('<show>away</show>');
        expect(kinds(await back.hasReceived())).toEqual([]);
        await back.leave();
      }
      const back = await bob.another(port);
      back.send(`<presence type='subscribed' to='${alice.bare}'/>`);
      await alice.receives(`<presence type='subscribed' from='${bob.bare}'/>`);
      await back.available();
      await stored(back);
      expect(kinds(await back.hasReceived(alice)).filter((kind) => kind === 'presence subscribe')).toEqual([]);
    },
  );

  story(
    'section 3.1.3: a request is shown to every session that is available',
    { alice: 1, bob: 3 },
    async ({ alice, bob, bob2, bob3 }) => {
      await ready(alice, bob, bob2);
      alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
      await bob.receives(`<presence type='subscribe' from='${alice.bare}'/>`);
      await bob2.receives(`<presence type='subscribe' from='${alice.bare}'/>`);
      expect(kinds(await bob3.hasReceived(alice))).toEqual([]);
    },
  );

  story('section 8.5.1: an account that does not exist says nothing', { alice: 1 }, async ({ alice }) => {
    await ready(alice);
    for (const type of ['subscribe', 'unsubscribe', 'subscribed', 'unsubscribed'])
      alice.send(`<presence type='${type}' to='nobody@localhost'/>`);
    await handled(alice, 'nobody@localhost');
    expect((await alice.hasReceived()).filter((element) => element.is('presence'))).toEqual([]);
  });
});

stories('RFC 6121 section 3.2: denying and cancelling', (story) => {
  story('a request is denied', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    await bob.receives(`<presence type='subscribe'/>`);
    await alice.hasReceived(bob);
    bob.send(`<presence type='unsubscribed' to='${alice.bare}'/>`);
    expect(kinds(await alice.hasReceived(bob))).toEqual(['presence unsubscribed', 'iq set']);
    expect(await relation(alice, bob)).toBe('none');
    expect(await relation(bob, alice)).toBe('nothing');
  });

  story(
    'section 3.2.2: presence is withdrawn before the subscription is cancelled',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      await befriend(alice, bob);
      await alice.hasReceived(bob);
      bob.send(`<presence type='unsubscribed' to='${alice.bare}'/>`);
      const came = await alice.hasReceived(bob);
      expect(kinds(came)).toEqual(['presence unavailable', 'presence unsubscribed', 'iq set']);
      expect(came.map(({ attrs }) => attrs['from'])).toEqual(
        [bob.jid, bob.bare, undefined].map((from, index) => from ?? came[index]?.attrs['from']),
      );
      expect(await relation(alice, bob)).toBe('from');
      expect(await relation(bob, alice)).toBe('to');
      // And from then on nothing more is shown.
      await bob.available('<show>dnd</show>');
      expect(kinds(await alice.hasReceived(bob))).toEqual([]);
    },
  );

  story('section 3.2.2: without anything to cancel nothing is sent', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    bob.send(`<presence type='unsubscribed' to='${alice.bare}'/>`);
    expect(kinds(await alice.hasReceived(bob))).toEqual([]);
    expect(await relation(bob, alice)).toBe('nothing');
  });
});

stories('RFC 6121 section 3.3: unsubscribing', (story) => {
  story('the contact is told, and its presence is withdrawn', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    await befriend(alice, bob);
    await alice.hasReceived(bob);
    await bob.hasReceived(alice);
    alice.send(`<presence type='unsubscribe' to='${bob.bare}'/>`);
    expect(kinds(await bob.hasReceived(alice))).toEqual(['presence unsubscribe', 'iq set']);
    const came = await alice.hasReceived(bob);
    expect(kinds(came)).toEqual(['iq set', 'presence unavailable']);
    expect(await relation(alice, bob)).toBe('from');
    expect(await relation(bob, alice)).toBe('to');
  });

  story('a request is taken back before it was answered', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await ready(alice);
    await bob.leave();
    alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    alice.send(`<presence type='unsubscribe' to='${bob.bare}'/>`);
    await handled(alice, bob.bare);
    const back = await bob.another(port);
    await back.available();
    expect(kinds(await back.hasReceived(alice))).toEqual([]);
    expect(await relation(alice, bob)).toBe('none');
  });

  story('after it ended a subscription can be asked for again', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    await befriend(alice, bob);
    alice.send(`<presence type='unsubscribe' to='${bob.bare}'/>`);
    await bob.receives(`<presence type='unsubscribe' from='${alice.bare}'/>`);
    alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    await bob.receives(`<presence type='subscribe' from='${alice.bare}'/>`);
    bob.send(`<presence type='subscribed' to='${alice.bare}'/>`);
    await alice.receives(push(bob, "subscription='both'"));
    expect(await relation(bob, alice)).toBe('both');
  });
});

stories('RFC 6121 section 2.5: removing a contact', (story) => {
  story('ends the subscriptions both ways and withdraws presence', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    await befriend(alice, bob);
    await bob.hasReceived(alice);
    await alice.asks(
      `<iq type='set'><query xmlns='${ROSTER}'><item jid='${bob.bare}' subscription='remove'/></query></iq>`,
    );
    const came = kinds(await bob.hasReceived(alice));
    expect(came.filter((kind) => kind !== 'iq set')).toEqual([
      'presence unavailable',
      'presence unsubscribe',
      'presence unsubscribed',
    ]);
    expect(await relation(alice, bob)).toBe('nothing');
    expect(await relation(bob, alice)).toBe('none');
  });

  story('takes back a request that is open, and denies one', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    await bob.receives(`<presence type='subscribe'/>`);
    bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
    await alice.receives(`<presence type='subscribe'/>`);
    await bob.hasReceived(alice);
    await alice.asks(
      `<iq type='set'><query xmlns='${ROSTER}'><item jid='${bob.bare}' subscription='remove'/></query></iq>`,
    );
    const came = kinds(await bob.hasReceived(alice));
    expect(came).toContain('presence unsubscribe');
    expect(came).toContain('presence unsubscribed');
    expect(await relation(bob, alice)).toBe('none');
  });
});

stories('RFC 6121 section 3.4: approving ahead', (story) => {
  const item = async (owner: Actor, contact: Actor) =>
    (await owner.asks(`<iq type='get'><query xmlns='${ROSTER}'/></iq>`))
      .getChild('query')
      ?.getChildren('item')
      .find(({ attrs }) => attrs['jid'] === contact.bare)?.attrs;

  story('section 3.4.1: the feature is announced once it can be used', { alice: 1 }, async ({ alice }, { port }) => {
    const client = await RawClient.connect(port);
    expect((await client.open()).getChild('sub')).toBeUndefined();
    await authenticate(client, alice);
    expect((await client.open()).getChild('sub', 'urn:xmpp:features:pre-approval')).toBeDefined();
    client.destroy();
  });

  story(
    'section 3.4.2: it is noted and pushed, and the contact hears nothing of it',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await ready(alice, alice2, bob);
      alice.send(`<presence type='subscribed' to='${bob.jid}'/>`);
      for (const session of [alice, alice2]) await session.receives(push(bob, "subscription='none' approved='true'"));
      expect(kinds(await bob.hasReceived(alice))).toEqual([]);
      expect(await item(alice, bob)).toMatchObject({ subscription: 'none', approved: 'true' });
      // Once is enough.
      await alice.hasReceived();
      alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
      expect(kinds(await alice.hasReceived())).toEqual([]);
    },
  );

  story(
    'section 3.4.2: the request is answered at once and not shown; the subscription is pushed',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
      await alice.receives(push(bob, "approved='true'"));
      bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      await bob.receives(`<presence type='subscribed' from='${alice.bare}'/>`);
      await bob.receives(push(alice, "subscription='to'"));
      await bob.receives(`<presence from='${alice.jid}'/>`);
      const came = await alice.hasReceived(bob);
      expect(kinds(came)).toEqual(['iq set']);
      expect(await item(alice, bob)).toMatchObject({ subscription: 'from', approved: 'true' });
    },
  );

  story('it holds while the user is away', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await ready(alice, bob);
    alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
    await alice.receives(push(bob, "approved='true'"));
    await alice.leave();
    bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
    await bob.receives(`<presence type='subscribed' from='${alice.bare}'/>`);
    const back = await alice.another(port);
    await ready(back);
    expect(await relation(back, bob)).toBe('from');
    expect(await relation(bob, alice)).toBe('to');
    back.vanish();
  });

  story(
    'section 3.4.2: it is taken back by `unsubscribed`, and with the contact',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await ready(alice, bob);
      const contact = (attrs = '') =>
        alice.asks(`<iq type='set'><query xmlns='${ROSTER}'><item jid='${bob.bare}' ${attrs}/></query></iq>`);
      await contact("name='Bob'");
      alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
      await alice.receives(push(bob, "name='Bob' approved='true'"));
      await alice.hasReceived();
      alice.send(`<presence type='unsubscribed' to='${bob.bare}'/>`);
      const [pushed] = await alice.hasReceived();
      expect(pushed?.getChild('query')?.getChild('item')?.attrs).toMatchObject({ name: 'Bob', subscription: 'none' });
      expect(await item(alice, bob)).not.toHaveProperty('approved');

      alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
      await alice.receives(push(bob, "approved='true'"));
      await contact("subscription='remove'");
      expect(kinds(await bob.hasReceived(alice))).toEqual([]);
      bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
      await alice.receives(`<presence type='subscribe' from='${bob.bare}'/>`);
    },
  );

  story('what a client writes into a roster set approves of nothing', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    await alice.asks(`<iq type='set'><query xmlns='${ROSTER}'><item jid='${bob.bare}' approved='true'/></query></iq>`);
    expect(await item(alice, bob)).not.toHaveProperty('approved');
    bob.send(`<presence type='subscribe' to='${alice.bare}'/>`);
    await alice.receives(`<presence type='subscribe' from='${bob.bare}'/>`);
  });

  story('without the contact on the list, `unsubscribed` makes none', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await ready(alice, bob);
    alice.send(`<presence type='subscribed' to='${bob.bare}'/>`);
    await alice.receives(push(bob, "approved='true'"));
    alice.send(`<presence type='unsubscribed' to='${bob.bare}'/>`);
    await alice.hasReceived();
    expect(kinds(await bob.hasReceived(alice))).toEqual([]);
    expect(await item(alice, bob)).not.toHaveProperty('approved');
  });
});
