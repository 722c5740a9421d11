/** mod_domain_isolation: the domains of one server know nothing of each other. */
import { describe, expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { bounced, named, reaches, succeeds } from '../support/story/privacy.js';
import type { TestServer } from '../support/story/server.js';
import { teller } from '../support/story/story.js';

const REST = `
[modules.mod_domain_isolation]
[modules.mod_vcard]
[modules.mod_offline]
`;

function joinElsewhere(server: TestServer): Promise<Actor> {
  const username = `carol-${Math.random().toString(36).slice(2, 10)}`;
  return Actor.join(server.port, { username, domain: 'other.example', password: 'secret' });
}

for (const shards of [1, 4]) {
  onBothEngines(
    `mod_domain_isolation, ${shards} shards`,
    (engine) => ownConfig({ engine, shards, hosts: ['localhost', 'other.example'], rest: REST }),
    (server) => {
      const story = teller(server);

      async function withCarol(plot: (carol: Actor) => Promise<void>): Promise<void> {
        const carol = await joinElsewhere(server());
        try {
          await carol.available();
          await plot(carol);
        } finally {
          carol.vanish();
        }
      }

      describe('between two domains', () => {
        story('messages and requests come back as service-unavailable, with the reason', { alice: 1 }, ({ alice }) =>
          withCarol(async (carol) => {
            const answers = [
              await bounced(alice, carol.jid),
              await bounced(alice, carol.bare),
              await bounced(alice, 'nobody@other.example'),
              await alice.asks(`<iq type='get' to='${carol.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`),
              await alice.asks("<iq type='get' to='other.example'><ping xmlns='urn:xmpp:ping'/></iq>"),
              await alice.asks("<iq type='get' to='vjud.other.example'><query xmlns='jabber:iq:search'/></iq>"),
            ];
            for (const answer of answers) {
              const error = answer.getChild('error');
              expect(error?.getChild('service-unavailable'), answer.toString()).toBeDefined();
              expect(error?.getChildText('text')).toBe('Filtered by the domain isolation');
            }
            expect(named('message', await carol.hasReceived(), carol)).toEqual([]);
          }),
        );

        story('presence and requests for it do not pass; errors vanish', { alice: 1, bob: 1 }, ({ alice, bob }) =>
          withCarol(async (carol) => {
            alice.send(`<presence id='p' to='${carol.jid}'/>`);
            await alice.receives("<presence type='error' id='p'/>");
            alice.send(`<presence id='s' type='subscribe' to='${carol.bare}'/>`);
            await alice.receives("<presence type='error' id='s'/>");
            alice.send(`<message type='error' id='e' to='${carol.jid}'/>`);
            await reaches(alice, bob);
            expect((await alice.hasReceived()).filter(({ attrs }) => attrs['type'] === 'error')).toEqual([]);
            const seen = (await carol.hasReceived()).filter(({ attrs }) => attrs['from'] !== carol.jid);
            expect(seen).toEqual([]);
          }),
        );
      });

      story(
        'inside a domain everything passes, its services included',
        { alice: 1, bob: 1 },
        async ({ alice, bob }) => {
          await reaches(alice, bob);
          succeeds(await alice.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>"));
          succeeds(await alice.asks("<iq type='get' to='vjud.localhost'><query xmlns='jabber:iq:search'/></iq>"));
        },
      );

      story('a domain that is not served is none of its concern', { alice: 1 }, async ({ alice }) => {
        const answer = await bounced(alice, 'somebody@elsewhere.example');
        expect(answer.getChild('error')?.getChild('remote-server-not-found')).toBeDefined();
      });
    },
  );
}
