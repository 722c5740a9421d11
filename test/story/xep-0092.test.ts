/** XEP-0092: the software of the server. */
import { readFileSync } from 'node:fs';
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

function ask(actor: Actor): Promise<Element> {
  return actor.asks("<iq type='get' to='localhost'><query xmlns='jabber:iq:version'/></iq>");
}

stories('XEP-0092', (story) => {
  story(
    'section 3: name and version, and by default nothing of the operating system',
    { alice: 1 },
    async ({ alice }) => {
      const query = (await ask(alice)).getChild('query', 'jabber:iq:version');
      expect(query?.getChildText('name')).toBe('Meerkat');
      expect(query?.getChildText('version')).toBe(JSON.parse(readFileSync('package.json', 'utf8')).version);
      expect(query?.getChild('os')).toBeUndefined();
    },
  );

  story('nobody sets the software', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks("<iq type='set' to='localhost'><query xmlns='jabber:iq:version'/></iq>");
    expect(answer.getChild('error')?.getChild('not-allowed')).toBeDefined();
  });

  story('accounts have no software', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks("<iq type='get'><query xmlns='jabber:iq:version'/></iq>");
    expect(answer.getChild('error')?.getChild('service-unavailable')).toBeDefined();
  });
});

onBothEngines('XEP-0092, os_info', withOptions('mod_version', 'os_info = true'), (server) => {
  teller(server)('tells the operating system', { alice: 1 }, async ({ alice }) => {
    expect((await ask(alice)).getChild('query')?.getChildText('os')).toMatch(/^\S+ \S+/);
  });
});
