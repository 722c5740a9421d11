/** XEP-0050: the commands of the server. Commands of several steps are told in test/unit/modules/commands.test.ts. */
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { stories, teller } from '../support/story/story.js';

const COMMANDS = 'http://jabber.org/protocol/commands';
const INFO = 'http://jabber.org/protocol/disco#info';
const ITEMS = 'http://jabber.org/protocol/disco#items';

function run(actor: Actor, attrs: string, to = 'localhost', type = 'set'): Promise<Element> {
  return actor.asks(`<iq type='${type}' to='${to}'><command xmlns='${COMMANDS}' ${attrs}/></iq>`);
}

function disco(actor: Actor, ns: string, node: string): Promise<Element> {
  return actor.asks(`<iq type='get' to='localhost'><query xmlns='${ns}' node='${node}'/></iq>`);
}

function errorOf(answer: Element): string[] {
  return (answer.getChild('error')?.getChildElements() ?? []).map((one) => one.getName());
}

stories('XEP-0050', (story) => {
  story('section 2.1: the server says that it has commands', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks(`<iq type='get' to='localhost'><query xmlns='${INFO}'/></iq>`);
    const features = answer.getChild('query')?.getChildren('feature') ?? [];
    expect(features.map(({ attrs }) => attrs['var'])).toContain(COMMANDS);
  });

  story('section 2.2: the list of commands, and what each is', { alice: 1 }, async ({ alice }) => {
    const items = (await disco(alice, ITEMS, COMMANDS)).getChild('query')?.getChildren('item') ?? [];
    expect(items.map(({ attrs }) => attrs)).toEqual([{ jid: 'localhost', node: 'ping', name: 'Ping' }]);
    const identityOf = async (node: string) =>
      (await disco(alice, INFO, node)).getChild('query')?.getChild('identity')?.attrs;
    expect(await identityOf(COMMANDS)).toEqual({ category: 'automation', type: 'command-list', name: 'Commands' });
    expect(await identityOf('ping')).toEqual({ category: 'automation', type: 'command-node', name: 'Ping' });
    expect((await disco(alice, ITEMS, 'ping')).getChild('query')?.getChildElements()).toEqual([]);
    expect(errorOf(await disco(alice, INFO, 'no-such-command'))).toEqual(['item-not-found']);
  });

  story('section 2.4.1: a command of one step is done at once', { alice: 1 }, async ({ alice }) => {
    for (const attrs of ["node='ping'", "node='ping' action='execute'", "node='ping' status='canceled'"]) {
      const command = (await run(alice, attrs)).getChild('command', COMMANDS);
      expect(command?.attrs).toMatchObject({
        node: 'ping',
        status: 'completed',
        sessionid: expect.stringMatching(/./),
      });
      expect(command?.getChild('note')?.attrs['type']).toBe('info');
      expect(command?.getChildText('note')).toBe('Pong');
    }
  });

  story('section 4.4: what is wrong is said', { alice: 1, mallory: 1 }, async ({ alice, mallory }) => {
    expect(errorOf(await run(alice, "node='no-such-command'"))).toEqual(['item-not-found']);
    expect(errorOf(await run(alice, "node='ping' action='dance'"))).toEqual(['bad-request', 'malformed-action']);
    for (const action of ['next', 'prev', 'complete', 'cancel'])
      expect(errorOf(await run(alice, `node='ping' action='${action}'`))).toEqual(['bad-request', 'bad-action']);
    expect(errorOf(await run(alice, "node='ping' sessionid='made-up'"))).toEqual(['bad-request', 'bad-sessionid']);
    expect(errorOf(await run(alice, ''))).toContain('bad-request');
    expect(errorOf(await run(alice, "node='ping'", 'localhost', 'get'))).toEqual(['not-allowed']);
    const done = (await run(alice, "node='ping'")).getChild('command');
    const again = `node='ping' sessionid='${done?.attrs['sessionid']}' action='cancel'`;
    expect(errorOf(await run(alice, again))).toEqual(['not-allowed', 'session-expired']);
    expect(errorOf(await run(mallory, again))).toEqual(['bad-request', 'bad-sessionid']);
  });

  story(
    "an account's commands are its owner's, and to others it looks like one that does not exist",
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      expect(errorOf(await run(alice, "node='ping'", alice.bare))).toEqual(['item-not-found']);
      for (const account of [alice.bare, 'nobody@localhost'])
        expect(errorOf(await run(bob, "node='ping'", account))).toEqual(['service-unavailable']);
    },
  );

  story('the node of commands is no item of the domain unless an option says so', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks(`<iq type='get' to='localhost'><query xmlns='${ITEMS}'/></iq>`);
    expect(
      answer
        .getChild('query')
        ?.getChildren('item')
        .filter(({ attrs }) => attrs['node']),
    ).toEqual([]);
  });
});

onBothEngines('XEP-0050', withOptions('mod_adhoc', 'report_commands_node = true'), (server) => {
  teller(server)('report_commands_node: the domain has the node as an item', { alice: 1 }, async ({ alice }) => {
    const answer = await alice.asks(`<iq type='get' to='localhost'><query xmlns='${ITEMS}'/></iq>`);
    const items =
      answer
        .getChild('query')
        ?.getChildren('item')
        .filter(({ attrs }) => attrs['node']) ?? [];
    expect(items.map(({ attrs }) => attrs)).toEqual([{ jid: 'localhost', node: COMMANDS, name: 'Commands' }]);
  });
});
