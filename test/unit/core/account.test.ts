/** What an account knows of its sessions, and the slots that both carry: the same as a map would, at a fraction of its memory. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/core/hosts/host.js';
import { Account } from '../../../src/core/sessions/account.js';
import { Session, type SessionLink } from '../../../src/core/sessions/session.js';
import { SlotHolder, slot } from '../../../src/core/sessions/slot.js';
import { Jid } from '../../../src/protocol/jid.js';

const host = {} as Host;
const link = {} as SessionLink;
const bare = Jid.trusted('alice', 'localhost');

function newSession(account: Account, resource: string, isOpen = true): Session {
  const session = new Session(Jid.trusted('alice', 'localhost', resource), host, account, link, 0);
  session.isOpen = isOpen;
  return session;
}

describe('an account', () => {
  it('answers as a map of its sessions by resource would, whatever comes and goes', () => {
    const resource = fc.constantFrom('phone', 'desk', 'tablet');
    const step = fc.record({
      work: fc.constantFrom('add', 'add', 'remove', 'remove stale'),
      resource,
      isOpen: fc.boolean(),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const account = new Account(bare, host);
        const model = new Map<string, Session>();
        for (const { work, resource, isOpen } of steps) {
          const there = model.get(resource);
          if (work === 'add') {
            const session = newSession(account, resource, isOpen);
            account.add(session);
            model.set(resource, session);
          } else if (work === 'remove stale') {
            account.remove(newSession(account, resource));
          } else if (there) {
            account.remove(there);
            model.delete(resource);
          }
          expect(account.size).toBe(model.size);
          expect(account.oldest).toBe([...model.values()][0]);
          expect([...account.sessions()]).toEqual([...model.values()].filter((session) => session.isOpen));
          for (const name of ['phone', 'desk', 'tablet']) expect(account.session(name)).toBe(model.get(name));
        }
      }),
    );
  });

  it('can lose any of its sessions, and all, while they are gone through', () => {
    for (const count of [1, 2, 3]) {
      const account = new Account(bare, host);
      for (let i = 0; i < count; i++) account.add(newSession(account, `r${i}`));
      const seen: string[] = [];
      for (const session of account.sessions()) {
        seen.push(session.jid.resource);
        for (let i = 0; i < count; i++) {
          const other = account.session(`r${i}`);
          if (!other) continue;
          other.isOpen = false;
          account.remove(other);
        }
      }
      expect([seen, account.size, account.oldest]).toEqual([['r0'], 0, undefined]);
    }
  });
});

describe('a slot', () => {
  const count = slot('test.count', () => ({ value: 0 }));
  const flag = slot('test.flag', () => false);

  it('is made at its first use, and is the same from then on', () => {
    const holder = new SlotHolder();
    expect(holder.peek(count)).toBeUndefined();
    holder.get(count).value++;
    holder.get(count).value++;
    expect(holder.peek(count)).toEqual({ value: 2 });
    expect(new SlotHolder().peek(count)).toBeUndefined();
  });

  it('has one value, the last that was set, beside those of others', () => {
    const holder = new SlotHolder();
    holder.set(flag, true);
    holder.get(count);
    holder.set(flag, false);
    expect(holder.peek(flag)).toBe(false);
    expect(holder.get(flag)).toBe(false);
    expect(holder.peek(count)).toEqual({ value: 0 });
  });
});
