/** What the log says of a database that is away. */
import { expect, it } from 'vitest';
import { StorageError } from '../../../src/core/storage/index.js';
import { OutageLog } from '../../../src/runtime/outage-log.js';
import { Outage } from '../../../src/storage/outage.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const away = new StorageError('unavailable', 'it cannot be reached');

it('one entry when it goes, one each minute, one when it is back', async () => {
  const log = new FakeLog();
  const clock = new FakeClock();
  const outage = new Outage({ area: 'storage', subject: { database: 'db' }, log, clock });
  outage.restored();
  for (let second = 0; second < 150; second++) {
    for (let link = 0; link < 10; link++) outage.failed(away);
    outage.refused();
    await clock.advance(1_000);
  }
  outage.restored();
  outage.restored();
  expect(log.entries.map(({ event }) => event)).toEqual([
    'storage.connection.lost',
    'storage.away',
    'storage.away',
    'storage.connection.restored',
  ]);
  expect(log.entries[1]?.fields).toMatchObject({ awayMs: 60_000, refused: 60, error: away });
  expect(log.entries[3]?.fields).toEqual({ database: 'db', awayMs: 150_000, attempts: 1_499, refused: 150 });
  await clock.advance(600_000);
  expect(log.entries).toHaveLength(4);
  outage.failed(away);
  expect(log.events('warning')).toHaveLength(2);
});

it('work that fails meanwhile is no error of its own; anything else is', () => {
  const log = new FakeLog();
  const quiet = new OutageLog(log).child({ shard: 1 });
  quiet.error('iq.failed', { error: away });
  quiet.error('iq.failed', { error: new StorageError('failed', 'a mistake') });
  quiet.error('iq.failed', { error: new Error('a bug') });
  quiet.warn('storage.connection.lost', { error: away });
  expect(log.entries.map(({ level, fields }) => [level, fields['shard']])).toEqual([
    ['debug', 1],
    ['error', 1],
    ['error', 1],
    ['warning', 1],
  ]);
});
