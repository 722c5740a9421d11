/** XEP-0079: rules by which senders learn what became of their messages. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { archive } from '../support/story/archive.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { handled, stored } from '../support/story/fence.js';
import { returning } from '../support/story/managed.js';
import { withOptions } from '../support/story/options.js';
import { befriend, stories, teller } from '../support/story/story.js';

const AMP = 'http://jabber.org/protocol/amp';
const rule = (condition: string, value: string, action: string) =>
  `<rule condition='${condition}' value='${value}' action='${action}'/>`;
const amp = (...rules: string[]) => `<amp xmlns='${AMP}'>${rules.join('')}</amp>`;
const message = (to: string, id: string, rules: string, type = 'chat') =>
  `<message to='${to}' type='${type}' id='${id}'><body>${id}</body>${rules}</message>`;

const messages = (all: readonly Element[]) => all.filter((one) => one.is('message'));
const ids = (all: readonly Element[]) => messages(all).map(({ attrs }) => attrs['id']);
const bare = (address: string) => address.replace(/\/.*/, '');
const ruleIn = (element: Element | undefined) => {
  const { condition, value, action } = element?.getChild('rule')?.attrs ?? {};
  return `${condition} ${value} ${action}`;
};

/** What a sender is told, one line for each. */
function told(all: readonly Element[]): string[] {
  return messages(all).map((one) => {
    const { id, type = '' } = one.attrs;
    const error = one.getChild('error');
    const conditions = error?.getChildElements().map((each) => each.getName()) ?? [];
    const status = one.getChild('amp', AMP)?.attrs['status'] ?? '';
    return [id, type, status, ruleIn(one.getChild('amp', AMP)), ...conditions].join('|');
  });
}

const NOTIFIED = (id: string, text: string) => `${id}||notify|${text} notify`;
const FAILED = (id: string, text: string) => `${id}|error|error|${text} error|undefined-condition|failed-rules`;

stories('XEP-0079', (story) => {
  story('sections 2.1.1 and 8: the server says what it keeps', { alice: 1 }, async ({ alice }, { port }) => {
    const ask = async (node = '') => {
      const query = `<query xmlns='http://jabber.org/protocol/disco#info'${node}/>`;
      const info = await alice.asks(`<iq type='get' to='localhost'>${query}</iq>`);
      return (info.getChild('query')?.getChildren('feature') ?? []).map(({ attrs }) => attrs['var']);
    };
    expect(await ask()).toContain(AMP);
    expect((await ask(` node='${AMP}'`)).sort()).toEqual([
      AMP,
      `${AMP}?action=error`,
      `${AMP}?action=notify`,
      `${AMP}?condition=deliver`,
      `${AMP}?condition=match-resource`,
    ]);
    const { client, features } = await returning(port, alice);
    expect(features.getChild('amp', 'http://jabber.org/features/amp')).toBeDefined();
    client.destroy();
  });

  story(
    'section 3.4.4: the sender is told, and the message goes on without its rules',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      for (const to of [bob.bare, bob.jid]) {
        alice.send(message(to, 'm', amp(rule('deliver', 'direct', 'notify'))));
        const notice = await alice.receives("<message id='m'/>");
        expect(notice.attrs).toMatchObject({ from: 'localhost', to: alice.jid });
        expect(notice.attrs['type']).toBeUndefined();
        expect(notice.getChildElements()).toHaveLength(1);
        expect(notice.getChild('amp', AMP)?.attrs).toMatchObject({ status: 'notify', from: alice.jid, to });
        expect(ruleIn(notice.getChild('amp', AMP))).toBe('deliver direct notify');
        const came = await bob.receives("<message id='m'/>");
        expect(came.getChild('amp')).toBeUndefined();
        expect(came.getChildText('body')).toBe('m');
      }
    },
  );

  story(
    'section 3.4.3: an error takes the place of the message, which is in no archive of the recipient',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      alice.send(message(bob.bare, 'm', amp(rule('deliver', 'direct', 'error'))));
      const failure = await alice.receives("<message type='error' id='m'/>");
      expect(failure.attrs['from']).toBe('localhost');
      expect(told([failure])).toEqual([FAILED('m', 'deliver direct')]);
      const failed = failure.getChild('error')?.getChild('failed-rules', `${AMP}#errors`);
      expect(ruleIn(failed)).toBe('deliver direct error');
      expect(failure.getChild('error')?.attrs['type']).toBe('modify');
      expect(ids(await bob.hasReceived(alice))).toEqual([]);
      expect((await archive(bob)).ids).toEqual([]);
    },
  );

  story(
    'section 3.3.1: stored is what waits for somebody who is away',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      await bob.leave();
      alice.send(message(bob.bare, 'notify', amp(rule('deliver', 'stored', 'notify'))));
      alice.send(message(bob.bare, 'error', amp(rule('deliver', 'stored', 'error'))));
      alice.send(message(bob.bare, 'direct', amp(rule('deliver', 'direct', 'error'))));
      const first = await alice.receives("<message id='notify'/>");
      const second = await alice.receives("<message id='error'/>");
      expect(told([first, second])).toEqual([NOTIFIED('notify', 'deliver stored'), FAILED('error', 'deliver stored')]);
      await handled(alice, bob.bare);
      expect(told(await alice.hasReceived())).toEqual([]);
      const back = await bob.another(port);
      await back.available();
      await stored(back);
      const came = messages(await back.hasReceived());
      expect(ids(came)).toEqual(['notify', 'direct']);
      expect(came.some((one) => one.getChild('amp'))).toBe(false);
      back.vanish();
    },
  );

  story(
    'section 3.3.1: none is what nobody gets, neither now nor later',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      for (const [to, type] of [
        ['nobody@localhost', 'chat'],
        ['nobody@localhost/x', 'chat'],
        [`${bob.bare}/nowhere`, 'normal'],
      ] as const) {
        alice.send(message(to, 'error', amp(rule('deliver', 'none', 'error')), type));
        await handled(alice, bare(to));
        expect(told(await alice.hasReceived())).toEqual([FAILED('error', 'deliver none')]);
        alice.send(message(to, 'notify', amp(rule('deliver', 'none', 'notify')), type));
        const notice = await alice.receives("<message id='notify'><amp/></message>");
        expect(told([notice])).toEqual([NOTIFIED('notify', 'deliver none')]);
        await alice.receives("<message type='error' id='notify'><error><service-unavailable/></error></message>");
      }
    },
  );

  story(
    'section 3.3.3: the resource that gets it is compared with the one that is meant',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await bob.available();
      await carol.leave();
      const wrong = `${bob.bare}/nowhere`;
      const cases = [
        [bob.jid, 'any', true],
        [bob.jid, 'exact', true],
        [bob.jid, 'other', false],
        [wrong, 'any', true],
        [wrong, 'exact', false],
        [wrong, 'other', true],
        [bob.bare, 'exact', false],
        [bob.bare, 'other', true],
        [carol.bare, 'exact', true],
        [carol.bare, 'other', false],
        ['nobody@localhost', 'any', false],
      ] as const;
      for (const [to, value, isMet] of cases) {
        alice.send(message(to, 'm', amp(rule('match-resource', value, 'error'))));
        await handled(alice, bare(to));
        const answers = told(await alice.hasReceived()).filter((line) => line.includes('failed-rules'));
        expect(answers, `${to} ${value}`).toEqual(isMet ? [FAILED('m', `match-resource ${value}`)] : []);
      }
    },
  );

  story('section 2.2.3: the first rule that is met decides', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    const notMet = [rule('deliver', 'none', 'error'), rule('match-resource', 'other', 'error')];
    const decides = [rule('deliver', 'direct', 'notify'), rule('match-resource', 'any', 'error')];
    alice.send(message(bob.jid, 'two', amp(...notMet, ...decides)));
    alice.send(message(bob.jid, 'none', amp(...notMet)));
    await handled(alice, bob.bare);
    expect(told(await alice.hasReceived())).toEqual([NOTIFIED('two', 'deliver direct')]);
    expect(ids(await bob.hasReceived(alice))).toEqual(['two', 'none']);
  });
});

stories('XEP-0079 bad input', (story) => {
  const direct = rule('deliver', 'direct', 'notify');
  const cases = [
    [[rule('deliver', 'direct', 'drop'), direct], 'bad-request', 'unsupported-actions', ['deliver direct drop']],
    [[rule('deliver', 'direct', 'alert')], 'bad-request', 'unsupported-actions', ['deliver direct alert']],
    [
      ["<rule condition='deliver' value='direct'/>"],
      'bad-request',
      'unsupported-actions',
      ['deliver direct undefined'],
    ],
    [
      [rule('expire-at', '2004-01-01T00:00:00Z', 'error')],
      'bad-request',
      'unsupported-conditions',
      ['expire-at 2004-01-01T00:00:00Z error'],
    ],
    [[rule('toString', 'x', 'error')], 'bad-request', 'unsupported-conditions', ['toString x error']],
    [[direct, rule('deliver', 'gateway', 'error')], 'not-acceptable', 'invalid-rules', ['deliver gateway error']],
    [[rule('match-resource', 'some', 'error')], 'not-acceptable', 'invalid-rules', ['match-resource some error']],
  ] as const;

  story(
    'section 6.1: rules that are not kept are told of, and nobody gets the message',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      for (const [rules, condition, specific, faults] of cases) {
        alice.send(message(bob.jid, 'm', amp(...rules)));
        const answer = await alice.receives("<message type='error' id='m'/>");
        expect(answer.attrs['from']).toBe('localhost');
        const error = answer.getChild('error');
        expect(error?.attrs['type']).toBe('modify');
        expect(error?.getChild(condition), rules.join('')).toBeDefined();
        const detail = error?.getChild(specific, AMP)?.getChildren('rule') ?? [];
        expect(detail.map(({ attrs: { condition, value, action } }) => `${condition} ${value} ${action}`)).toEqual(
          faults,
        );
        expect(answer.getChild('amp', AMP)?.getChildren('rule')).toHaveLength(rules.length);
      }
      expect(ids(await bob.hasReceived(alice))).toEqual([]);
    },
  );

  story('section 2.1.2: nothing is promised for every hop', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    alice.send(message(bob.jid, 'm', `<amp xmlns='${AMP}' per-hop='true'>${direct}</amp>`));
    const error = (await alice.receives("<message type='error' id='m'/>")).getChild('error');
    expect(error?.getChild('not-acceptable')).toBeDefined();
    expect(error?.getChild('invalid-rules', AMP)?.getChildren('rule')).toHaveLength(1);
  });

  story('section 1.3: a message with rules has an id; and there are rules', { alice: 1, bob: 1 }, async (actors) => {
    const { alice, bob } = actors;
    for (const xml of [
      `<message to='${bob.jid}'>${amp(direct)}</message>`,
      message(bob.jid, '', amp(direct)),
      message(bob.jid, 'm', amp()),
    ]) {
      alice.send(xml);
      const answer = await alice.receives("<message type='error'/>");
      expect(answer.getChild('error')?.getChild('bad-request'), xml).toBeDefined();
    }
  });

  story('as many rules as fit into a message are read', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await bob.available();
    alice.send(message(bob.jid, 'm', amp(...Array(500).fill(rule('deliver', 'none', 'error')), direct)));
    expect(told([await alice.receives("<message id='m'/>")])).toEqual([NOTIFIED('m', 'deliver direct')]);
  });

  story(
    'what looks like an answer of the server comes from who wrote it, and is no request',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await bob.available();
      const forged = `<amp xmlns='${AMP}' status='notify' from='${bob.jid}' to='x@y'>${direct}</amp>`;
      alice.send(message(bob.jid, 'forged', forged));
      const came = await bob.receives("<message id='forged'/>");
      expect(came.attrs['from']).toBe(alice.jid);
      expect(told(await alice.hasReceived())).toEqual([]);
    },
  );
});

onBothEngines('XEP-0079 section 9', withOptions('mod_amp', 'subscribers_only = true'), (at) => {
  const story = teller(at);
  const probe = async (from: Actor, to: string) => {
    from.send(message(to, 'm', amp(rule('deliver', 'direct', 'notify'))));
    await handled(from, bare(to));
    return told(await from.hasReceived());
  };

  story(
    'who may not see presence cannot tell by rules whether somebody is there',
    { alice: 1, bob: 1, carol: 1 },
    async ({ alice, bob, carol }) => {
      await bob.available();
      await carol.leave();
      for (const to of [bob.bare, bob.jid, carol.bare, 'nobody@localhost'])
        expect(await probe(alice, to)).toEqual(['m|error||deliver direct notify|not-acceptable|invalid-rules']);
      expect(ids(await bob.hasReceived(alice))).toEqual([]);
    },
  );

  story('subscribers can', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await Promise.all([alice.available(), bob.available()]);
    await befriend(alice, bob);
    expect(await probe(alice, bob.bare)).toEqual([NOTIFIED('m', 'deliver direct')]);
    await bob.leave();
    alice.send(message(bob.bare, 'later', amp(rule('deliver', 'stored', 'notify'))));
    expect(told([await alice.receives("<message id='later'/>")])).toEqual([NOTIFIED('later', 'deliver stored')]);
  });
});
