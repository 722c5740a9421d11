import { describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { order } from '../../../src/core/hooks/order.js';
import { Host } from '../../../src/core/hosts/host.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { sessionOpening } from '../../../src/core/sessions/hooks.js';
import { Session } from '../../../src/core/sessions/session.js';
import { Sessions } from '../../../src/core/sessions/sessions.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { StreamError } from '../../../src/protocol/errors.js';
import { Jid } from '../../../src/protocol/jid.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const phone = Jid.parse('alice@localhost/phone') as Jid;

it('all sessions of an account are thrown out, also one that is being opened', async () => {
  const ignore = () => {};
  const host = new Host('localhost', {} as HostTypeConfig, new HookTable(ignore), new IqTable(ignore));
  const sessions = new Sessions(new FakeClock(), new FakeLog());
  const ended: string[] = [];
  const open = (text: string) => {
    const end = (error?: StreamError) => void ended.push(`${text} ${error?.condition}`);
    const link = { deliver: ignore, end, isClosed: false, address: { ip: '127.0.0.1', port: 1 }, isSecure: false };
    return sessions.open({ jid: Jid.parse(text) as Jid, host, link, maxSessions: 10 });
  };
  await open('alice@localhost/phone');
  await open('bob@localhost/phone');
  let load!: () => void;
  host.hooks.on(
    sessionOpening,
    order.record,
    () => new Promise<undefined>((resolve) => (load = () => resolve(undefined))),
  );
  const opening = open('alice@localhost/desk');
  sessions.evictAll(phone.bare, new StreamError('not-authorized'), 'gone');
  load();
  expect(await opening).not.toBeInstanceOf(Session);
  expect(ended).toEqual(['alice@localhost/phone not-authorized', 'alice@localhost/desk not-authorized']);
  expect([sessions.count, sessions.account(phone)]).toEqual([1, undefined]);
});

describe('a session that was replaced while it was being opened', () => {
  it('does not take the account of a later one with it', async () => {
    const config = { general: { replaced_wait_timeout: 2_000 } } as unknown as HostTypeConfig;
    const ignore = () => {};
    const host = new Host('localhost', config, new HookTable(ignore), new IqTable(ignore));
    const sessions = new Sessions(new FakeClock(), new FakeLog());
    const loaded: (() => void)[] = [];
    let isSlow = true;
    host.hooks.on(sessionOpening, order.record, () =>
      isSlow ? new Promise<undefined>((resolve) => loaded.push(() => resolve(undefined))) : undefined,
    );
    const link = {
      deliver: ignore,
      end: ignore,
      isClosed: false,
      address: { ip: '127.0.0.1', port: 1 },
      isSecure: false,
    };
    const open = () => sessions.open({ jid: phone, host, link, maxSessions: 10 });

    const first = open();
    isSlow = false;
    const second = (await open()) as Session;
    sessions.close(second, 'gone');
    const third = await open();
    loaded[0]?.();

    expect(await first).not.toBeInstanceOf(Session);
    expect(sessions.session(phone)).toBe(third);
    expect(sessions.count).toBe(1);
  });
});
