/** XEP-0050 section 3.3: how long a command lives, and for whom. */
import { describe, expect, it } from 'vitest';
import { CommandSessions, type Parties } from '../../../src/modules/adhoc/command-sessions.js';
import { systemRandom } from '../../../src/platform/random.js';
import { Jid } from '../../../src/protocol/jid.js';
import { FakeClock } from '../../support/fake-clock.js';

const to = Jid.parse('localhost') as Jid;

function parties(from: string, node = 'config'): Parties {
  return { from: Jid.parse(from) as Jid, to, node };
}

const alice = parties('alice@localhost/r');
const TEN_MINUTES_MS = 600_000;

function scene() {
  const clock = new FakeClock();
  return { clock, sessions: new CommandSessions(clock, systemRandom) };
}

describe('sessions of commands', () => {
  it('are found by those who began them, for the same command and with the same partner', () => {
    const { sessions } = scene();
    const session = sessions.begin(alice);
    expect(sessions.find(session.id, alice)).toBe(session);
    const others = [
      parties('alice@localhost/other'),
      parties('mallory@localhost/r'),
      parties('alice@localhost/r', 'delete'),
      { ...alice, to: Jid.parse('other.example') as Jid },
    ];
    for (const other of others) expect(sessions.find(session.id, other)).toBe('unknown');
    for (const id of ['', 'x', session.id.slice(1), `${session.id}0`, 'ä'.repeat(56)])
      expect(sessions.find(id, alice)).toBe('unknown');
  });

  it('that have ended are known to have been there', () => {
    const { sessions } = scene();
    const session = sessions.begin(alice);
    sessions.end(session);
    expect(sessions.find(session.id, alice)).toBe('over');
    expect(sessions.find(sessions.newId(alice), alice)).toBe('over');
    expect(sessions.size).toBe(0);
  });

  it('end when nobody has used them for ten minutes, unless a step is being worked on', async () => {
    const { clock, sessions } = scene();
    const [idle, used, busy] = [sessions.begin(alice), sessions.begin(alice), sessions.begin(alice)];
    busy.isBusy = true;
    await clock.advance(TEN_MINUTES_MS - 1);
    expect(sessions.find(used.id, alice)).toBe(used);
    await clock.advance(1);
    sessions.sweep();
    expect(sessions.find(used.id, alice)).toBe(used);
    expect(sessions.find(busy.id, alice)).toBe(busy);
    expect(sessions.find(idle.id, alice)).toBe('over');
  });

  it('are ten for each requester: with one more the oldest ends', () => {
    const { sessions } = scene();
    const other = sessions.begin(parties('bob@localhost/r'));
    const begun = Array.from({ length: 12 }, () => sessions.begin(alice));
    expect(begun.map(({ id }) => sessions.find(id, alice) !== 'over').filter((isThere) => isThere)).toHaveLength(10);
    expect(sessions.find(begun[1]!.id, alice)).toBe('over');
    expect(sessions.find(begun[2]!.id, alice)).toBe(begun[2]);
    expect(sessions.find(other.id, parties('bob@localhost/r'))).toBe(other);
  });

  it('are ten thousand in all', () => {
    const { sessions } = scene();
    const first = sessions.begin(alice);
    for (let number = 0; number < 10_000; number++) sessions.begin(parties(`user${number}@localhost/r`));
    expect(sessions.size).toBe(10_000);
    expect(sessions.find(first.id, alice)).toBe('over');
  });

  it('end with the session of their owner', () => {
    const { sessions } = scene();
    const own = sessions.begin(alice);
    sessions.endAll(alice.from);
    expect(sessions.find(own.id, alice)).toBe('over');
    expect(sessions.size).toBe(0);
  });
});
