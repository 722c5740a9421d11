/** What is removed from archives, and what is not. */
import { expect, it } from 'vitest';
import { firstIdAt } from '../../../../src/modules/mam/archive-id.js';
import { type ArchiveStore, archiveStore, type NewMessage } from '../../../../src/modules/mam/archive-store.js';
import { Retention, type RetentionSettings } from '../../../../src/modules/mam/retention.js';
import { FakeClock } from '../../../support/fake-clock.js';
import { FakeLog } from '../../../support/fake-log.js';

const DAY_MS = 86_400_000;

async function scene(
  settings: Partial<RetentionSettings>,
  archives: Readonly<Record<string, number>>,
  isOurs: (domain: string) => boolean = (domain) => domain === 'localhost',
) {
  const clock = new FakeClock();
  const log = new FakeLog();
  const store = archiveStore.memory();
  const users: Record<string, number> = {};
  for (const [local, days] of Object.entries(archives)) {
    const owner = { local, domain: 'localhost', userId: undefined, writing: 0 };
    // One message a day, the last one of now.
    const messages = Array.from({ length: days }, (_, day) => ({
      ...{ owner, id: firstIdAt((clock.now() - (days - 1 - day) * DAY_MS) * 1_000), remote: 'bob', message: `${day}` },
      ...{ from: 'bob', remoteResource: '', direction: 'I', searchBody: '', originId: undefined, isGroupchat: false },
    })) as NewMessage[];
    await store.insert(messages);
    users[local] = owner.userId as unknown as number;
  }
  const all: RetentionSettings = {
    max_age: 'infinity',
    max_messages: 'infinity',
    max_size: 'infinity',
    interval: 3_600,
    ...settings,
  };
  const retention = new Retention({ store, clock, log, settings: all, isOurs });
  const days = async (local: string) =>
    (await store.load({ userId: users[local] as number }, { limit: 10_000 })).map(({ message }) => Number(message));
  return { clock, log, store, users, retention, days };
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, index) => from + index);
}

it('messages that are too old go, to the moment', async () => {
  const { clock, retention, days } = await scene({ max_age: 10 }, { alice: 30, bob: 5 });
  retention.start(() => {});
  await clock.advance(3_600_000 - 1);
  expect(await days('alice')).toEqual(range(0, 30));
  // An hour later than the messages of ten days ago.
  await clock.advance(1_000);
  expect(await days('alice')).toEqual(range(20, 30));
  expect(await days('bob')).toEqual(range(0, 5));
});

it('of an archive that is too large the oldest go, so that no gap appears', async () => {
  const { clock, retention, days } = await scene({ max_messages: 1_200 }, { alice: 3_000, bob: 1_200 });
  retention.start(() => {});
  await clock.advance(3_700_000);
  expect(await days('alice')).toEqual(range(1_800, 3_000));
  expect(await days('bob')).toEqual(range(0, 1_200));
});

it('of an archive that takes too many bytes the oldest messages go, and what just fits stays', async () => {
  // Of the messages 0 to 1,699 the last 700 take four bytes each, those before them up to three.
  const { clock, retention, days } = await scene({ max_size: 700 * 4 + 300 * 3 }, { alice: 1_700, bob: 1_000 });
  retention.start(() => {});
  await clock.advance(3_700_000);
  expect(await days('alice')).toEqual(range(700, 1_700));
  expect(await days('bob')).toEqual(range(0, 1_000));
});

it('a message that is too large for its archive goes at last', async () => {
  const { clock, retention, days } = await scene({ max_size: 1 }, { alice: 20, bob: 3 });
  retention.start(() => {});
  await clock.advance(3_700_000);
  expect([await days('alice'), await days('bob')]).toEqual([[], [2]]);
});

it('both rules hold together, round for round', async () => {
  const { clock, retention, days } = await scene({ max_age: 3, max_messages: 7 }, { alice: 20 });
  const stops: (() => void)[] = [];
  retention.start((stop) => stops.push(stop));
  await clock.advance(3_601_000);
  expect(await days('alice')).toEqual(range(17, 20));
  await clock.advance(DAY_MS);
  expect(await days('alice')).toEqual(range(18, 20));
  for (const stop of stops) stop();
  await clock.advance(DAY_MS);
  expect(await days('alice')).toEqual(range(18, 20));
});

it('archives of domains with other settings are left alone', async () => {
  const { clock, retention, days } = await scene(
    { max_messages: 1 },
    { alice: 20 },
    (domain) => domain !== 'localhost',
  );
  retention.start(() => {});
  await clock.advance(3_700_000);
  expect(await days('alice')).toEqual(range(0, 20));
});

it('others get their turn between two steps', async () => {
  const { clock, retention, store } = await scene({ max_messages: 1 }, { alice: 2_001 });
  const steps: number[] = [];
  const { trim } = store;
  store.trim = async (...args) => {
    const removed = await trim.apply(store, args);
    steps.push(clock.now());
    expect(removed).toBeLessThanOrEqual(500);
    return removed;
  };
  retention.start(() => {});
  await clock.advance(3_700_000);
  expect(new Set(steps).size).toBe(steps.length);
  expect(steps.length).toBeGreaterThanOrEqual(4);
});

it('everything is kept where nothing else is said', async () => {
  const { clock, retention, days } = await scene({}, { alice: 5_000 });
  retention.start(() => {});
  expect(clock.pending).toBe(0);
  expect((await days('alice')).length).toBe(5_000);
});

it('a round that fails is told of, and the next one comes', async () => {
  const { clock, log, retention, store, days } = await scene({ max_messages: 1 }, { alice: 3 });
  const { archives } = store as ArchiveStore;
  store.archives = async () => {
    throw new Error('away');
  };
  retention.start(() => {});
  await clock.advance(3_600_000);
  expect([log.events('error'), await days('alice')]).toEqual([['mam.retention_failed'], range(0, 3)]);
  store.archives = archives;
  await clock.advance(3_700_000);
  expect(await days('alice')).toEqual([2]);
});

it('an account that is removed takes messages, preferences and number along', async () => {
  const { clock, retention, store, users } = await scene({}, { alice: 1_700, bob: 3 });
  const removal = retention.removeAll(users['alice'] as number);
  await clock.advance(10_000);
  await removal;
  expect(await store.find({ local: 'alice', domain: 'localhost' })).toBeUndefined();
  expect(await store.load({ userId: users['alice'] as number }, { limit: 10 })).toEqual([]);
  expect((await store.load({ userId: users['bob'] as number }, { limit: 10 })).length).toBe(3);
});
