/** mod_cache_users: what is remembered of accounts is true on every shard. */
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { storyConfig } from '../support/story/server.js';
import { teller } from '../support/story/story.js';

onBothEngines(
  'mod_cache_users',
  (engine) =>
    `${storyConfig({ engine, shards: 4 })}[modules.mod_cache_users]\n  strategy = "lru"\n  time_to_live = 1\n`,
  (server) => {
    const story = teller(server);
    story(
      'an account that is removed gets no message, no subscription and no session; made again, it gets them',
      { alice: 1, bob: 1 },
      async ({ alice, bob }, { port }) => {
        const say = (id: string) =>
          alice.send(`<message to='${bob.bare}' type='chat' id='${id}'><body>${id}</body></message>`);
        await bob.available();
        say('known');
        await bob.receives("<message id='known'/>");
        await bob.asks("<iq type='set'><query xmlns='jabber:iq:register'><remove/></query></iq>");
        await bob.client.closed();
        say('gone');
        await alice.receives("<message type='error' id='gone'><error><service-unavailable/></error></message>");
        await expect(Actor.login(port, bob)).rejects.toThrow('not-authorized');

        const again = await Actor.join(port, bob);
        await again.leave();
        say('kept');
        const back = await Actor.login(port, bob);
        await back.available();
        await back.receives("<message id='kept'/>");
        expect((await back.hasReceived(alice)).filter((element) => element.is('message'))).toEqual([]);
        back.vanish();
      },
    );
  },
);
