import { describe, expect, it } from 'vitest';
import { HookTable } from '../../../src/core/hooks/hook-table.js';
import { order } from '../../../src/core/hooks/order.js';
import { Host } from '../../../src/core/hosts/host.js';
import { IqTable } from '../../../src/core/routing/iq-table.js';
import { sessionOpening } from '../../../src/core/sessions/hooks.js';
import { Session } from '../../../src/core/sessions/session.js';
import { Sessions } from '../../../src/core/sessions/sessions.js';
import type { HostTypeConfig } from '../../../src/platform/config/index.js';
import { Jid } from '../../../src/protocol/jid.js';
import { FakeClock } from '../../support/fake-clock.js';
import { FakeLog } from '../../support/fake-log.js';

const phone = Jid.parse('alice@localhost/phone') as Jid;

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
