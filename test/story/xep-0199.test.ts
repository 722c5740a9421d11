/** XEP-0199: pings, answered and sent. */
import { expect } from 'vitest';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

stories('XEP-0199', (story) => {
  story('section 4.1 and 4.2: the server answers, for itself and for accounts', { alice: 1 }, async ({ alice }) => {
    for (const to of ['', "to='localhost'", `to='${alice.bare}'`]) {
      const answer = await alice.asks(`<iq type='get' ${to}><ping xmlns='urn:xmpp:ping'/></iq>`);
      expect(answer.attrs['type']).toBe('result');
      expect(answer.getChildElements()).toEqual([]);
    }
  });

  story('a ping asks, it does not set', { alice: 1 }, async ({ alice }) => {
    for (const to of ['localhost', alice.bare]) {
      const answer = await alice.asks(`<iq type='set' to='${to}'><ping xmlns='urn:xmpp:ping'/></iq>`);
      expect(answer.getChild('error')?.getChild('feature-not-implemented')).toBeDefined();
    }
  });

  story('section 4.3: clients ping each other through the server', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    alice.send(`<iq type='get' id='c2c' to='${bob.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    await bob.receives(`<iq type='get' id='c2c' from='${alice.jid}'><ping xmlns='urn:xmpp:ping'/></iq>`);
    bob.send(`<iq type='result' id='c2c' to='${alice.jid}'/>`);
    await alice.receives(`<iq type='result' id='c2c' from='${bob.jid}'/>`);
  });
});

const PING = "<iq type='get' from='localhost' id='*'><ping xmlns='urn:xmpp:ping'/></iq>";
const impatient = ['send_pings = true', 'ping_interval = 1', 'ping_req_timeout = 1'];

onBothEngines('XEP-0199, send_pings', withOptions('mod_ping', ...impatient, 'timeout_action = "kill"'), (server) => {
  const story = teller(server);
  story('section 4.2: who says nothing is asked, and stays as long as it answers', { alice: 1 }, async ({ alice }) => {
    for (let round = 0; round < 2; round++) {
      const ping = await alice.receives(PING);
      expect(ping.attrs['to']).toBe(alice.jid);
      alice.send(`<iq type='result' id='${ping.attrs['id']}' to='localhost'/>`);
    }
    // An error is an answer, too: somebody is there.
    const ping = await alice.receives(PING);
    alice.send(
      `<iq type='error' id='${ping.attrs['id']}' to='localhost'><error type='cancel'><service-unavailable xmlns='urn:ietf:params:xml:ns:xmpp-stanzas'/></error></iq>`,
    );
    await alice.receives(PING);
    expect(alice.client.isClosed).toBe(false);
  });

  story(
    'timeout_action = "kill": who does not answer is thrown out, and seen to go',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      await alice.available();
      await alice2.available();
      await alice.receives(PING);
      void keepAnswering(alice2.receives.bind(alice2), (id) =>
        alice2.send(`<iq type='result' id='${id}' to='localhost'/>`),
      );
      await alice.client.closed();
      expect(alice.client.text).toContain('<connection-timeout');
      await alice2.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    },
  );
});

onBothEngines('XEP-0199, timeout_action = "none"', withOptions('mod_ping', ...impatient), (server) => {
  const story = teller(server);
  story('who does not answer is asked again, and stays', { alice: 1 }, async ({ alice }) => {
    await alice.receives(PING);
    await alice.receives(PING);
    expect(alice.client.isClosed).toBe(false);
  });
});

/** Answers pings until the session is over. */
async function keepAnswering(
  receives: (markup: string) => Promise<{ attrs: Record<string, string> }>,
  answer: (id: string) => void,
): Promise<void> {
  try {
    for (;;) answer((await receives(PING)).attrs['id'] as string);
  } catch {
    // The story is over.
  }
}
