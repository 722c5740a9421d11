/** RFC 6121 section 4: presence. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { handled } from '../support/story/fence.js';
import { befriend, stories, storiesOverAll } from '../support/story/story.js';

async function friends(alice: Actor, bob: Actor): Promise<void> {
  await alice.available();
  await bob.available();
  await befriend(alice, bob);
  await quiet(alice, bob);
}

/** Everything that has been under way between them has arrived, and is forgotten. */
async function quiet(...actors: readonly Actor[]): Promise<void> {
  for (const one of actors) for (const other of actors) await one.hasReceived(other);
}

function presences(elements: readonly Element[]): string[] {
  return elements
    .filter((element) => element.is('presence'))
    .map(({ attrs }) => `${attrs['type'] ?? 'available'} ${attrs['from']}`);
}

storiesOverAll('RFC 6121 section 4.2: initial presence', (story) => {
  story(
    'section 4.2.2: goes to subscribers and to the own sessions, the sender included',
    { alice: 2, bob: 1, carol: 1 },
    async ({ alice, alice2, bob, carol }) => {
      await friends(alice, bob);
      await carol.available();
      await quiet(carol);
      alice2.send('<presence><show>away</show><status>tea</status></presence>');
      const shown = `<presence from='${alice2.jid}'><show>away</show><status>tea</status></presence>`;
      await alice2.receives(shown);
      await alice.receives(shown);
      await bob.receives(shown);
      expect(presences(await carol.hasReceived(alice2))).toEqual([]);
    },
  );

  story(
    'sections 4.2.2 and 4.3: a session that comes learns of its contacts and of its sisters',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await friends(alice, bob);
      await bob2.available('<show>xa</show>');
      await alice2.available('<priority>3</priority>');
      await alice2.receives(`<presence from='${bob.jid}' to='${alice2.jid}'/>`);
      await alice2.receives(`<presence from='${bob2.jid}' to='${alice2.jid}'><show>xa</show></presence>`);
      await alice2.receives(`<presence from='${alice.jid}'/>`);
    },
  );

  story('what the contact sees is what was sent', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    alice.send(
      "<presence id='p1' xml:lang='fr'><show>chat</show><status>&lt;ici&gt;</status><priority>7</priority><c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='n' ver='v'/></presence>",
    );
    const seen = await bob.receives(
      `<presence id='p1' from='${alice.jid}'><show>chat</show><priority>7</priority><c xmlns='http://jabber.org/protocol/caps' ver='v'/></presence>`,
    );
    expect(seen.getChildText('status')).toBe('<ici>');
    expect(seen.attrs['xml:lang']).toBe('fr');
  });

  story('a session without presence is told nothing', { alice: 1, bob: 2 }, async ({ alice, bob, bob2 }) => {
    await friends(alice, bob);
    await alice.available('<show>dnd</show>');
    await bob.receives(`<presence from='${alice.jid}'><show>dnd</show></presence>`);
    expect(presences(await bob2.hasReceived(alice))).toEqual([]);
  });
});

stories('RFC 6121 section 4.3: probes', (story) => {
  story('section 4.3.2: an update asks for nothing', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    await alice.available('<show>away</show>');
    expect(presences(await alice.hasReceived(bob))).toEqual([]);
  });

  story(
    'section 4.3.2: of a contact without available sessions nothing is said to who comes, who takes it for absent anyhow',
    { alice: 2, bob: 2, carol: 1 },
    async ({ alice, alice2, bob, carol }) => {
      await friends(alice, bob);
      await friends(alice, carol);
      for (const contact of [bob, carol]) {
        await contact.leave();
        await alice.receives(`<presence type='unavailable' from='${contact.jid}'/>`);
      }
      await alice2.available();
      expect(presences(await alice2.hasReceived())).toEqual([`available ${alice.jid}`]);
    },
  );

  story(
    'section 4.3.2: whoever comes later sees all that was sent, as often as it comes',
    { alice: 2, bob: 2 },
    async ({ alice, alice2, bob, bob2 }) => {
      await friends(alice, bob);
      const content =
        "<show>xa</show><status>&lt;tea&gt; &amp; 'ü€😀'</status><priority>5</priority>" +
        "<c xmlns='http://jabber.org/protocol/caps' hash='sha-1' node='https://a.example/?a&amp;b' ver='v'/><x xmlns='urn:x'><y xmlns='urn:y' z='1'/></x>";
      alice.send(`<presence id='p1' xml:lang='fr'>${content}</presence>`);
      const all = (to: string) => `<presence id='p1' from='${alice.jid}'${to}>${content}</presence>`;
      await bob.receives(all(''));
      for (const each of [bob2, alice2]) {
        for (let times = 0; times < 2; times++) {
          await each.available();
          const seen = await each.receives(all(` to='${each.jid}'`));
          expect(seen.getChildText('status')).toBe("<tea> & 'ü€😀'");
          expect(seen.attrs['xml:lang']).toBe('fr');
          each.send("<presence type='unavailable'/>");
          await each.hasReceived(alice);
        }
      }
    },
  );

  story('a client cannot probe: it is for servers', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    alice.send(`<presence type='probe' to='${bob.bare}'/>`);
    await handled(alice, bob.bare);
    expect(presences(await alice.hasReceived(bob))).toEqual([]);
    expect(presences(await bob.hasReceived(alice))).toEqual([]);
  });
});

storiesOverAll('RFC 6121 section 4.5: unavailable presence', (story) => {
  story(
    'reaches subscribers and the own sessions with its status',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await friends(alice, bob);
      await alice2.available();
      alice.send("<presence type='unavailable'><status>bye</status></presence>");
      const shown = `<presence type='unavailable' from='${alice.jid}'><status>bye</status></presence>`;
      await bob.receives(shown);
      await alice2.receives(shown);
      // Section 4.5.2: the one who leaves is told as well, and from then on is told nothing more.
      await alice.receives(shown);
      await bob.available('<show>away</show>');
      expect(presences(await alice.hasReceived(bob)).filter((one) => one.includes(bob.bare))).toEqual([]);
    },
  );

  for (const [end, how] of [
    ['an orderly end of the stream', (actor: Actor) => actor.leave()],
    ['a connection that vanishes', async (actor: Actor) => actor.vanish()],
    ['a stream error', async (actor: Actor) => actor.send('<nonsense/>')],
  ] as const) {
    story(`section 4.5.1: ${end} makes the server send it`, { alice: 1, bob: 1 }, async ({ alice, bob }) => {
      await friends(alice, bob);
      await how(alice);
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    });
  }

  story('a session that was replaced is seen to go', { alice: 1, bob: 1 }, async ({ alice, bob }, { port }) => {
    await friends(alice, bob);
    const again = await alice.another(port, alice.resource);
    await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    await again.available();
    await bob.receives(`<presence from='${again.jid}'/>`);
    again.vanish();
  });

  story(
    'a session that was never available goes without a word',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await friends(alice, bob);
      await alice2.leave();
      expect(presences(await bob.hasReceived(alice))).toEqual([]);
    },
  );

  story(
    'after it, presence is initial again: contacts are asked anew',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await friends(alice, bob);
      alice.send("<presence type='unavailable'/>");
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
      await alice.available();
      await alice.receives(`<presence from='${bob.jid}'/>`);
    },
  );
});

stories('RFC 6121 section 4.6: directed presence', (story) => {
  story('reaches a stranger, whose own presence stays hidden', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.available();
    await bob.available();
    await quiet(alice, bob);
    alice.send(`<presence to='${bob.bare}'><status>psst</status></presence>`);
    await bob.receives(`<presence from='${alice.jid}'><status>psst</status></presence>`);
    expect(presences(await alice.hasReceived(bob))).toEqual([]);
  });

  story('section 4.6.3: updates are not for strangers', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await alice.available();
    alice.send(`<presence to='${bob.jid}'/>`);
    await bob.receives(`<presence from='${alice.jid}'/>`);
    await alice.available('<show>away</show>');
    expect(presences(await bob.hasReceived(alice))).toEqual([]);
  });

  for (const [end, how] of [
    ['unavailable presence', async (actor: Actor) => actor.send("<presence type='unavailable'/>")],
    ['the end of the connection', async (actor: Actor) => actor.vanish()],
  ] as const) {
    story(
      `section 4.6.3: it is withdrawn with ${end}`,
      { alice: 1, bob: 1, carol: 1 },
      async ({ alice, bob, carol }) => {
        await alice.available();
        alice.send(`<presence to='${bob.jid}'/>`);
        alice.send(`<presence to='${carol.jid}'/>`);
        await carol.receives(`<presence from='${alice.jid}'/>`);
        alice.send(`<presence type='unavailable' to='${carol.jid}'/>`);
        await carol.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
        await how(alice);
        await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
        // Whom it was withdrawn from before, it is not withdrawn from again.
        expect(presences(await carol.hasReceived(bob))).toEqual([]);
      },
    );
  }

  story('works without initial presence, too', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    alice.send(`<presence to='${bob.jid}'/>`);
    await bob.receives(`<presence from='${alice.jid}'/>`);
    alice.vanish();
    await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
  });

  story('a subscriber hears of the end once', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    alice.send(`<presence to='${bob.jid}'><show>dnd</show></presence>`);
    await bob.receives(`<presence from='${alice.jid}'><show>dnd</show></presence>`);
    alice.send("<presence type='unavailable'/>");
    await alice.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    expect(presences(await bob.hasReceived(alice))).toEqual([`unavailable ${alice.jid}`]);
  });
});

stories('RFC 6121 section 4.6.3', (story) => {
  story(
    'what has to be withdrawn one day is bounded: 10,000 addresses',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      const flood = Array.from({ length: 9_999 }, (_, index) => `<presence to='nobody-${index}@localhost'/>`);
      alice.send(flood.join(''));
      alice.send(`<presence to='${bob.jid}' id='last'/>`);
      alice.send(`<presence to='nobody@localhost' id='more'/>`);
      const error = await alice.receives("<presence type='error' id='more'><error type='wait'/></presence>");
      expect(error.getChild('error')?.getChild('resource-constraint')).toBeDefined();
      // Whoever was told before may be told again, and hears of the end.
      alice.send(`<presence to='${bob.jid}' id='again'/>`);
      await bob.receives("<presence id='again'/>");
      alice.vanish();
      await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    },
  );
});

stories('RFC 6121 section 4.7: what presence may say', (story) => {
  story(
    'section 4.7.2.3: a priority that is none is refused and changes nothing',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await friends(alice, bob);
      for (const priority of ['128', '-129', 'high', '', '1.5', '0x1']) {
        alice.send(`<presence id='bad'><priority>${priority}</priority></presence>`);
        const error = await alice.receives("<presence type='error' id='bad'><error type='modify'/></presence>");
        expect(error.getChild('error')?.getChild('bad-request'), priority).toBeDefined();
      }
      expect(presences(await bob.hasReceived(alice))).toEqual([]);
    },
  );

  story('section 4.7.2.3: its bounds are -128 and 127', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    for (const priority of ['-128', '127', ' 5 ']) await alice.available(`<priority>${priority}</priority>`);
    expect(presences(await bob.hasReceived(alice))).toHaveLength(3);
  });

  story('section 4.7.1: a type that does not exist is refused', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await friends(alice, bob);
    for (const to of ['', `to='${bob.bare}'`]) {
      alice.send(`<presence type='dancing' id='bad' ${to}/>`);
      const error = await alice.receives("<presence type='error' id='bad'/>");
      expect(error.getChild('error')?.getChild('bad-request')).toBeDefined();
    }
    expect(presences(await bob.hasReceived(alice))).toEqual([]);
  });

  story('section 3.1.1: a subscription needs an address', { alice: 1 }, async ({ alice }) => {
    for (const type of ['subscribe', 'subscribed', 'unsubscribe', 'unsubscribed', 'probe']) {
      alice.send(`<presence type='${type}' id='bad'/>`);
      const error = await alice.receives("<presence type='error' id='bad'/>");
      expect(error.getChild('error')?.getChild('bad-request')).toBeDefined();
    }
  });
});

stories('RFC 6121 section 8.5: presence for an account', (story) => {
  story('to the account: to every available session', { alice: 1, bob: 3 }, async ({ alice, bob, bob2, bob3 }) => {
    await bob.available();
    await bob2.available('<priority>-5</priority>');
    alice.send(`<presence to='${bob.bare}' id='d'/>`);
    await bob.receives(`<presence id='d' from='${alice.jid}'/>`);
    await bob2.receives(`<presence id='d' from='${alice.jid}'/>`);
    expect(presences(await bob3.hasReceived(alice))).toEqual([]);
  });

  story(
    'to a session: to that one; to one that is gone: to nobody',
    { alice: 1, bob: 2 },
    async ({ alice, bob, bob2 }) => {
      await bob.available();
      await quiet(bob);
      alice.send(`<presence to='${bob2.jid}' id='d'/>`);
      await bob2.receives(`<presence id='d'/>`);
      alice.send(`<presence to='${bob.bare}/gone' id='d'/>`);
      await handled(alice, bob.bare);
      expect(presences(await bob.hasReceived(alice))).toEqual([]);
      expect(presences(await alice.hasReceived())).toEqual([]);
    },
  );
});
