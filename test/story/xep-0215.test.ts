/** XEP-0215: services outside of XMPP, and credentials for them. */
import { createHmac } from 'node:crypto';
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { teller } from '../support/story/story.js';

const NS = 'urn:xmpp:extdisco:2';

const rest = `
[modules.mod_disco]
[modules.mod_extdisco]
  [[modules.mod_extdisco.service]]
    type = "stun"
    host = "stun.example"
    port = 3478
    transport = "udp"
  [[modules.mod_extdisco.service]]
    type = "turn"
    host = "turn.example"
    port = 3478
    transport = "udp"
    secret = "north star"
  [[modules.mod_extdisco.service]]
    type = "turn"
    host = "turn.example"
    port = 5349
    transport = "tcp"
    secret = "north star"
  [[modules.mod_extdisco.service]]
    type = "ftp"
    host = "192.0.2.1"
    username = "guest"
    password = "welcome"
`;

async function services(actor: Actor, content: string, to = 'localhost', type = 'get'): Promise<Element[]> {
  const answer = await actor.asks(`<iq type='${type}' to='${to}'>${content}</iq>`);
  return answer.getChildElements()[0]?.getChildElements() ?? [];
}

function credentialsFor(actor: Actor, attrs: string): Promise<Element[]> {
  return services(actor, `<credentials xmlns='${NS}'><service ${attrs}/></credentials>`);
}

function expectTurn(one: Element | undefined, actor: Actor): void {
  const { username = '', password, expires } = one?.attrs ?? {};
  const [seconds, user] = username.split(/:(.*)/);
  expect(user).toBe(actor.bare);
  expect(Number(seconds)).toBeGreaterThan(Date.now() / 1_000 + 3_500);
  expect(Date.parse(expires)).toBe(Number(seconds) * 1_000);
  expect(password).toBe(createHmac('sha1', 'north star').update(username).digest('base64'));
  expect(one?.toString()).not.toContain('north star');
}

const config = (engine: Engine) => ownConfig({ engine, shards: 2, rest });

onBothEngines('XEP-0215', config, (server) => {
  const story = teller(server);

  story('section 3.1: all services, with what they need', { alice: 1 }, async ({ alice }) => {
    const [stun, turn, secure, ftp, ...more] = await services(alice, `<services xmlns='${NS}'/>`);
    expect(more).toEqual([]);
    expect(stun?.attrs).toEqual({ type: 'stun', host: 'stun.example', port: '3478', transport: 'udp' });
    expect(turn?.attrs).toMatchObject({ type: 'turn', host: 'turn.example', port: '3478', transport: 'udp' });
    expectTurn(turn, alice);
    expectTurn(secure, alice);
    expect(ftp?.attrs).toEqual({ type: 'ftp', host: '192.0.2.1', username: 'guest', password: 'welcome' });
  });

  story('section 3.2: services of a type', { alice: 1 }, async ({ alice }) => {
    const ports = (await services(alice, `<services xmlns='${NS}' type='turn'/>`)).map(({ attrs }) => attrs['port']);
    expect(ports).toEqual(['3478', '5349']);
    expect(await services(alice, `<services xmlns='${NS}' type='imap'/>`)).toEqual([]);
    const answer = await alice.asks(`<iq type='get' to='localhost'><services xmlns='${NS}' type='turn'/></iq>`);
    expect(answer.getChild('services', NS)?.attrs['type']).toBe('turn');
  });

  story('section 3.3: credentials of a host, and of one of its ports', { alice: 1 }, async ({ alice }) => {
    const both = await credentialsFor(alice, "host='turn.example' type='turn'");
    expect(both).toHaveLength(2);
    for (const one of both) expectTurn(one, alice);
    const [one, ...more] = await credentialsFor(alice, "host='turn.example' type='turn' port='5349'");
    expect(one?.attrs['port']).toBe('5349');
    expect(more).toEqual([]);
  });

  story('section 3.3: what cannot be had is an error', { alice: 1 }, async ({ alice }) => {
    const conditions = async (content: string) =>
      (await services(alice, `<credentials xmlns='${NS}'>${content}</credentials>`)).map((one) => one.getName());
    const error = async (attrs: string) => (await conditions(`<service ${attrs}/>`))[0];
    for (const attrs of ["host='other.example' type='turn'", "host='turn.example' type='turn' port='1'"])
      expect(await error(attrs)).toBe('item-not-found');
    expect(await error("host='stun.example' type='stun'")).toBe('item-not-found');
    for (const attrs of ["host='turn.example'", "type='turn'", '']) expect(await error(attrs)).toBe('bad-request');
    expect((await conditions(''))[0]).toBe('bad-request');
    expect((await conditions("<service host='a' type='b'/><service host='a' type='b'/>"))[0]).toBe('bad-request');
    const [set] = await services(alice, `<services xmlns='${NS}'/>`, 'localhost', 'set');
    expect(set?.getName()).toBe('not-allowed');
  });

  story('section 5: the server says that it knows services', { alice: 1 }, async ({ alice }) => {
    const info = await services(alice, "<query xmlns='http://jabber.org/protocol/disco#info'/>");
    expect(info.map(({ attrs }) => attrs['var'])).toContain(NS);
  });
});
