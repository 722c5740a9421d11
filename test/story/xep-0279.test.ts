/** XEP-0279: the address that a client is seen to come from. */
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { stories } from '../support/story/story.js';

const ask = (actor: Actor, to: string, type = 'get') =>
  actor.asks(`<iq type='${type}' ${to}><address xmlns='urn:xmpp:sic:1'/></iq>`);

stories('XEP-0279', (story) => {
  story('section 2: a client learns its address and port', { alice: 1 }, async ({ alice }) => {
    for (const to of ['', "to='localhost'", `to='${alice.bare}'`]) {
      const address = (await ask(alice, to)).getChild('address', 'urn:xmpp:sic:1');
      expect(address?.getChildText('ip')).toBe('127.0.0.1');
      expect(Number(address?.getChildText('port'))).toBe(alice.client.socket.localPort);
    }
  });

  story('section 3: the server says that it can tell', { alice: 1 }, async ({ alice }) => {
    const info = await alice.asks(
      "<iq type='get' to='localhost'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>",
    );
    const features = info.getChild('query')?.getChildren('feature') ?? [];
    expect(features.map(({ attrs }) => attrs['var'])).toContain('urn:xmpp:sic:1');
  });

  story(
    "section 4: nobody learns the address of somebody else's client",
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      for (const account of [alice.bare, 'nobody@localhost']) {
        const answer = await ask(bob, `to='${account}'`);
        expect(answer.getChildElements()).toHaveLength(1);
        expect(answer.getChild('error')?.getChild('forbidden')).toBeDefined();
      }
      expect((await ask(alice, "to='localhost'", 'set')).getChild('error')?.getChild('not-allowed')).toBeDefined();
    },
  );
});
