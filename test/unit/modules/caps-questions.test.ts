/** XEP-0115 section 5.4 and XEP-0390 section 8.2: whom is asked, how often, and what is kept. */
import { describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { Host } from '../../../src/core/hosts/host.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { Account } from '../../../src/core/sessions/account.js';
import { Session, type SessionLink } from '../../../src/core/sessions/session.js';
import { CapabilityCache } from '../../../src/modules/caps/cache.js';
import type { Capabilities } from '../../../src/modules/caps/capabilities.js';
import { type Offer, offerOf } from '../../../src/modules/caps/offer.js';
import { Questions } from '../../../src/modules/caps/questions.js';
import { verificationString } from '../../../src/modules/caps/verification-string.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { systemRandom } from '../../../src/platform/random.js';
import { type Element, el } from '../../../src/protocol/element.js';
import { Jid } from '../../../src/protocol/jid.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { Stanza } from '../../../src/protocol/stanza.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

function infoOf(name: string): Element[] {
  return [
    el('identity', { xmlns: ns.DISCO_INFO, category: 'client', type: 'pc', name }),
    el('feature', { xmlns: ns.DISCO_INFO, var: `urn:test:${name}+notify` }),
  ];
}

function offer(ver: string, hash = 'sha-1'): Offer {
  const c = el('c', { xmlns: ns.CAPS, hash, node: 'urn:test', ver });
  return offerOf(el('presence', { xmlns: ns.CLIENT }, c), ['v1', 'v2']) as Offer;
}

const exodus = offer(verificationString(infoOf('exodus')));

function scene() {
  const clock = new FakeClock();
  const learned: { capabilities: Capabilities; names: string[] }[] = [];
  const questions = new Questions({
    clock,
    random: systemRandom,
    log: new FakeLog(),
    timeoutMs: 5_000,
    learned: (capabilities, sessions) => learned.push({ capabilities, names: sessions.map(({ jid }) => jid.local) }),
  });
  const ignore = () => {};
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  const enter = (local: string) => {
    const jid = Jid.parse(`${local}@localhost/r`) as Jid;
    const asked: Stanza[] = [];
    const link = { deliver: (stanza: Stanza) => void asked.push(stanza) } as unknown as SessionLink;
    const session = new Session(jid, host, new Account(jid.bare, host), link, 0);
    const answer = (type: string, info: Element[] = [], id = asked.at(-1)?.id) => {
      const query = el('query', { xmlns: ns.DISCO_INFO }, info);
      const iq = el('iq', { xmlns: ns.CLIENT, type, id }, query);
      return questions.answered(session, Stanza.fromElement(iq, Jid.parse('localhost'), jid));
    };
    return { session, asked, answer };
  };
  return { clock, questions, learned, enter };
}

describe('questions', () => {
  it('one client is asked for all that show the same hash', () => {
    const { questions, learned, enter } = scene();
    const [alice, bob] = [enter('alice'), enter('bob')];
    for (const { session } of [alice, bob, alice]) questions.ask(session, exodus);
    expect([alice.asked.length, bob.asked.length]).toEqual([1, 0]);
    const request = alice.asked[0] as Stanza;
    expect([request.to?.toString(), request.from?.toString(), request.type]).toEqual([
      'alice@localhost/r',
      'localhost',
      'get',
    ]);
    expect(request.tree().child('query', ns.DISCO_INFO)?.attrs['node']).toBe(exodus.node);
    expect(alice.answer('result', infoOf('exodus'))).toBe(true);
    expect(learned).toMatchObject([
      { capabilities: { features: new Set(['urn:test:exodus+notify']) }, names: ['alice', 'bob'] },
    ]);
  });

  it('one that lies, fails or says nothing is passed over, and the next one is asked', async () => {
    const { clock, questions, learned, enter } = scene();
    const people = ['alice', 'bob', 'carol', 'dave'].map(enter);
    for (const { session } of people) questions.ask(session, exodus);
    const [alice, bob, , dave] = people as [ReturnType<typeof enter>, ...ReturnType<typeof enter>[]];
    alice.answer('result', infoOf('poisoned'));
    bob?.answer('error');
    await clock.advance(5_000);
    expect(people.map(({ asked }) => asked.length)).toEqual([1, 1, 1, 1]);
    dave?.answer('result', infoOf('exodus'));
    expect(learned.map(({ names }) => names)).toEqual([['dave']]);
  });

  it('one that answers late is believed, too, and takes nothing from those who were asked since', async () => {
    const { clock, questions, learned, enter } = scene();
    const [alice, bob, carol] = [enter('alice'), enter('bob'), enter('carol')];
    for (const { session } of [alice, bob]) questions.ask(session, exodus);
    await clock.advance(5_000);
    expect(alice.answer('result', infoOf('exodus'))).toBe(true);
    questions.ask(carol.session, exodus);
    expect([bob.asked.length, carol.asked.length]).toEqual([1, 0]);
    expect(bob.answer('result', infoOf('exodus'))).toBe(true);
    expect(learned.map(({ names }) => names)).toEqual([['alice'], ['bob', 'carol']]);
  });

  it('one that did not answer is asked again when it shows its hash again', async () => {
    const { clock, questions, enter } = scene();
    const alice = enter('alice');
    questions.ask(alice.session, exodus);
    await clock.advance(5_000);
    questions.ask(alice.session, exodus);
    expect(alice.asked).toHaveLength(2);
    expect(clock.pending).toBe(1);
  });

  it('nobody answers for somebody else, nor without being asked', () => {
    const { questions, learned, enter } = scene();
    const [alice, bob, mallory] = [enter('alice'), enter('bob'), enter('mallory')];
    for (const { session } of [alice, bob]) questions.ask(session, exodus);
    const id = alice.asked[0]?.id;
    expect(bob.answer('result', infoOf('exodus'), id)).toBe(false);
    expect(mallory.answer('result', infoOf('exodus'), id)).toBe(false);
    expect(alice.answer('result', infoOf('exodus'), 'guessed')).toBe(false);
    expect(learned).toEqual([]);
    alice.answer('result', infoOf('exodus'));
    expect(alice.answer('result', infoOf('exodus'), id)).toBe(false);
    expect(learned).toHaveLength(1);
  });

  it('who goes while being asked leaves the question to the next one', () => {
    const { questions, learned, enter } = scene();
    const [alice, bob] = [enter('alice'), enter('bob')];
    for (const { session } of [alice, bob]) questions.ask(session, exodus);
    questions.forget(alice.session);
    expect(bob.asked).toHaveLength(1);
    bob.answer('result', infoOf('exodus'));
    expect(learned.map(({ names }) => names)).toEqual([['bob']]);
  });

  it('with a hash function that is not known, everybody is asked for itself', () => {
    const { questions, learned, enter } = scene();
    const [alice, bob] = [enter('alice'), enter('bob')];
    for (const { session } of [alice, bob]) questions.ask(session, offer('x', 'md5'));
    alice.answer('result', infoOf('exodus'));
    bob.answer('result', infoOf('other'));
    expect(learned.map(({ names }) => names)).toEqual([['alice'], ['bob']]);
  });

  it('an account whose hash changes all the time is asked no more, until the next period', () => {
    const { questions, enter } = scene();
    const alice = enter('alice');
    for (let number = 0; number < 100; number++) questions.ask(alice.session, offer(`flood ${number}`));
    expect(alice.asked).toHaveLength(20);
    questions.startPeriod();
    questions.ask(alice.session, offer('calm'));
    expect(alice.asked).toHaveLength(21);
  });
});

function proved(...hashes: string[]): Capabilities {
  const keys = hashes.map((hash) => `v1 sha-1 ${hash}`);
  return { identities: [], features: new Set(hashes), proved: new Set(keys) };
}

describe('the cache', () => {
  it('keeps what was used last, as many as it may', () => {
    const cache = new CapabilityCache(2, 1_000, new FakeClock());
    cache.add(proved('a'));
    cache.add(proved('b'));
    expect(cache.find(offer('a'))?.features).toEqual(new Set(['a']));
    cache.add(proved('c'));
    expect(['a', 'b', 'c'].map((ver) => cache.find(offer(ver)) !== undefined)).toEqual([true, false, true]);
    expect(cache.size).toBe(2);
  });

  it('forgets what is older than it may be, used or not', async () => {
    const clock = new FakeClock();
    const cache = new CapabilityCache(10, 1_000, clock);
    cache.add(proved('a'));
    await clock.advance(999);
    expect(cache.find(offer('a'))).toBeDefined();
    await clock.advance(1);
    expect(cache.find(offer('a'))).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('XEP-0390 section 7.2: does not take the word of a weaker hash for a stronger one', () => {
    const cache = new CapabilityCache(10, 1_000, new FakeClock());
    cache.add(proved('a'));
    const v2 = el('c', { xmlns: ns.CAPS2 }, el('hash', { xmlns: ns.HASHES, algo: 'sha-256' }, 'other'));
    const v1 = el('c', { xmlns: ns.CAPS, hash: 'sha-1', node: 'urn:test', ver: 'a' });
    const both = offerOf(el('presence', { xmlns: ns.CLIENT }, v1, v2), ['v1', 'v2']) as Offer;
    expect(cache.find(both)).toBeUndefined();
  });
});
