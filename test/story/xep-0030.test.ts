/** XEP-0030, with XEP-0128 and XEP-0157: what the server and its accounts are and can do. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { befriend, stories, teller } from '../support/story/story.js';

const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';

function ask(actor: Actor, ns: string, to: string, node?: string): Promise<Element> {
  return actor.asks(
    `<iq type='get' to='${to}'><query xmlns='${ns}'${node === undefined ? '' : ` node='${node}'`}/></iq>`,
  );
}

function features(answer: Element): string[] {
  return (answer.getChild('query')?.getChildren('feature') ?? []).map(({ attrs }) => attrs['var']);
}

function jids(answer: Element): string[] {
  return (answer.getChild('query')?.getChildren('item') ?? []).map(({ attrs }) => attrs['jid']);
}

stories('XEP-0030', (story) => {
  story(
    'section 3.1: the server says what it is, and lists what its modules offer, each once',
    { alice: 1 },
    async ({ alice }) => {
      const answer = await ask(alice, INFO, 'localhost');
      expect(answer.getChild('query')?.getChild('identity')?.attrs).toMatchObject({ category: 'server', type: 'im' });
      const found = features(answer);
      expect(found).toEqual(
        expect.arrayContaining([
          INFO,
          ITEMS,
          'jabber:iq:roster',
          'urn:xmpp:ping',
          'jabber:iq:version',
          'urn:xmpp:time',
          'jabber:iq:last',
          'jabber:iq:private',
          'vcard-temp',
          'msgoffline',
          'jabber:iq:register',
        ]),
      );
      expect(new Set(found).size).toBe(found.length);
    },
  );

  story('section 4.1: the server lists the services beside it', { alice: 1 }, async ({ alice }) => {
    expect(jids(await ask(alice, ITEMS, 'localhost'))).toEqual(['vjud.localhost']);
    expect(jids(await ask(alice, ITEMS, 'other.example'))).toEqual(['vjud.other.example']);
  });

  story('section 3.2: a node that does not exist is not found', { alice: 1 }, async ({ alice }) => {
    for (const [ns, to] of [
      [INFO, 'localhost'],
      [ITEMS, 'localhost'],
      [INFO, alice.bare],
      [ITEMS, alice.bare],
      [INFO, 'vjud.localhost'],
    ] as const) {
      const answer = await ask(alice, ns, to, 'no-such-node');
      expect(answer.getChild('error')?.getChild('item-not-found'), `${ns} ${to}`).toBeDefined();
    }
  });

  story('section 3.1: what can be read is not to be written', { alice: 1 }, async ({ alice }) => {
    for (const to of ['localhost', alice.bare])
      for (const ns of [INFO, ITEMS]) {
        const answer = await alice.asks(`<iq type='set' to='${to}'><query xmlns='${ns}'/></iq>`);
        expect(answer.getChild('error')?.getChild('not-allowed'), `${ns} ${to}`).toBeDefined();
      }
  });

  story(
    'an account describes itself to its owner and to subscribers',
    { alice: 2, bob: 1 },
    async ({ alice, alice2, bob }) => {
      await alice.available();
      await bob.available();
      await alice2.available('<priority>-1</priority>');
      await befriend(alice, bob);
      for (const asker of [alice, bob]) {
        const info = await ask(asker, INFO, alice.bare);
        expect(info.getChild('query')?.getChild('identity')?.attrs).toMatchObject({
          category: 'account',
          type: 'registered',
        });
        expect(jids(await ask(asker, ITEMS, alice.bare)).sort()).toEqual([alice.jid, alice2.jid].sort());
      }
    },
  );

  story(
    'section 8: to anybody else it looks like one that does not exist',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      for (const ns of [INFO, ITEMS]) {
        for (const account of [alice.bare, 'nobody@localhost']) {
          const answer = await ask(bob, ns, account);
          expect(answer.getChildElements()).toHaveLength(1);
          expect(answer.getChild('error')?.getChild('service-unavailable')).toBeDefined();
        }
      }
    },
  );
});

const described = withOptions(
  'mod_disco',
  'extra_domains = ["upload.example.org"]',
  'server_info = [{name = "abuse-addresses", urls = ["mailto:abuse@example.org", "xmpp:abuse@example.org"]}, {name = "sales-addresses", urls = ["mailto:x@example.org"], modules = ["mod_muc"]}]',
);
onBothEngines('XEP-0128 and XEP-0157', described, (server) => {
  const story = teller(server);
  story(
    'contact addresses are in a form of their own type; those of other modules are not',
    { alice: 1 },
    async ({ alice }) => {
      const form = (await ask(alice, INFO, 'localhost')).getChild('query')?.getChild('x', 'jabber:x:data');
      expect(form?.attrs['type']).toBe('result');
      const fields = form
        ?.getChildren('field')
        .map((field) => [field.attrs['var'], field.getChildren('value').map((value) => value.getText())]);
      expect(fields).toEqual([
        ['FORM_TYPE', ['http://jabber.org/network/serverinfo']],
        ['abuse-addresses', ['mailto:abuse@example.org', 'xmpp:abuse@example.org']],
      ]);
    },
  );

  story(
    'XEP-0157: a service beside the domain shows the addresses that are not limited to others',
    { alice: 1 },
    async ({ alice }) => {
      const form = (await ask(alice, INFO, 'vjud.localhost')).getChild('query')?.getChild('x', 'jabber:x:data');
      expect(form?.getChildren('field').map(({ attrs }) => attrs['var'])).toEqual(['FORM_TYPE', 'abuse-addresses']);
    },
  );

  story('extra_domains are listed', { alice: 1 }, async ({ alice }) => {
    expect(jids(await ask(alice, ITEMS, 'localhost'))).toContain('upload.example.org');
  });
});
