/** RFC 6120 section 8.2.3 and RFC 6121 section 8.5: requests, to servers, accounts and sessions. */
import { expect } from 'vitest';
import { handled } from '../support/story/fence.js';
import { stories } from '../support/story/story.js';

const PING = "<ping xmlns='urn:xmpp:ping'/>";

stories('RFC 6120 section 8.2.3: requests', (story) => {
  story('have exactly one child', { alice: 1 }, async ({ alice }) => {
    for (const to of ['', "to='localhost'", `to='${alice.bare}'`]) {
      for (const payload of ['', PING + PING, 'just text']) {
        const answer = await alice.asks(`<iq type='get' ${to}>${payload}</iq>`);
        expect(answer.getChild('error')?.getChild('bad-request'), `${to} ${payload}`).toBeDefined();
        expect(answer.getChild('error')?.attrs['type']).toBe('modify');
      }
    }
  });

  story('have an id and one of four types', { alice: 1 }, async ({ alice }) => {
    alice.send(`<iq type='get' to='localhost'>${PING}</iq>`);
    await alice.receives("<iq type='error'><error><bad-request/></error></iq>");
    for (const type of ['', "type='fetch'"]) {
      alice.send(`<iq id='t' ${type} to='localhost'>${PING}</iq>`);
      await alice.receives("<iq type='error' id='t'><error><bad-request/></error></iq>");
    }
  });

  story('answers carry the id of the request, and no address where it had none', { alice: 1 }, async ({ alice }) => {
    alice.send(`<iq type='get' id='&apos;&lt;1&gt;'>${PING}</iq>`);
    const answer = await alice.receives("<iq type='result'/>");
    expect(answer.attrs['id']).toBe("'<1>");
    expect([undefined, alice.bare]).toContain(answer.attrs['from']);
    expect(answer.attrs['to']).toBe(alice.jid);
    expect((await alice.asks(`<iq type='get' to='localhost'>${PING}</iq>`)).attrs['from']).toBe('localhost');
  });
});

stories('RFC 6120 section 10.3.3 and RFC 6121 section 8.5.2.1.3: who answers', (story) => {
  story(
    'what nobody knows is not served, by the server and by accounts',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      for (const to of ['', "to='localhost'", `to='${alice.bare}'`, `to='${bob.bare}'`, "to='nobody@localhost'"]) {
        for (const type of ['get', 'set']) {
          const answer = await alice.asks(`<iq type='${type}' ${to}><odd xmlns='urn:test:odd'/></iq>`);
          expect(answer.getChild('error')?.getChild('service-unavailable'), to).toBeDefined();
        }
      }
      // The server answers for the account: its sessions are not asked.
      expect((await bob.hasReceived(alice)).filter((element) => element.is('iq'))).toEqual([]);
    },
  );

  story('what can only be read is not to be written', { alice: 1 }, async ({ alice }) => {
    for (const [payload, expected] of [
      ["<query xmlns='jabber:iq:version'/>", 'not-allowed'],
      ["<time xmlns='urn:xmpp:time'/>", 'not-allowed'],
      ["<query xmlns='jabber:iq:last'/>", 'not-allowed'],
      ["<query xmlns='http://jabber.org/protocol/disco#info'/>", 'not-allowed'],
      ["<query xmlns='http://jabber.org/protocol/disco#items'/>", 'not-allowed'],
      ["<vCard xmlns='vcard-temp'/>", 'not-allowed'],
      [PING, 'feature-not-implemented'],
    ] as const) {
      const answer = await alice.asks(`<iq type='set' to='localhost'>${payload}</iq>`);
      expect(answer.getChild('error')?.getChild(expected), payload).toBeDefined();
    }
  });

  story(
    'section 8.5.3.1: a request to a session goes there, and so does its answer',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      alice.send(`<iq type='get' id='q' to='${bob.jid}'><odd xmlns='urn:test:odd'>?</odd></iq>`);
      await bob.receives(
        `<iq type='get' id='q' from='${alice.jid}' to='${bob.jid}'><odd xmlns='urn:test:odd'>?</odd></iq>`,
      );
      bob.send(`<iq type='result' id='q' to='${alice.jid}'><odd xmlns='urn:test:odd'>!</odd></iq>`);
      await alice.receives(`<iq type='result' id='q' from='${bob.jid}'><odd xmlns='urn:test:odd'>!</odd></iq>`);
    },
  );

  story(
    'section 8.5.3.2.3: a request to a session that is not there fails; answers to it vanish',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      for (const to of [`${bob.bare}/gone`, `${alice.bare}/gone`, 'nobody@localhost/x']) {
        const answer = await alice.asks(`<iq type='get' to='${to}'>${PING}</iq>`);
        expect(answer.getChild('error')?.getChild('service-unavailable')).toBeDefined();
        expect(answer.attrs['from']).toBe(to);
        alice.send(`<iq type='result' id='late' to='${to}'/>`);
        alice.send(`<iq type='error' id='late' to='${to}'><error type='cancel'/></iq>`);
      }
      await handled(alice, bob.bare);
      expect(await alice.hasReceived(bob)).toEqual([]);
    },
  );

  story('a session may ask itself and its sisters', { alice: 2 }, async ({ alice, alice2 }) => {
    alice.send(`<iq type='get' id='self' to='${alice.jid}'>${PING}</iq>`);
    await alice.receives(`<iq type='get' id='self' from='${alice.jid}'><ping/></iq>`);
    alice.send(`<iq type='get' id='sister' to='${alice2.jid}'>${PING}</iq>`);
    await alice2.receives(`<iq type='get' id='sister' from='${alice.jid}'><ping/></iq>`);
  });
});
