/** Privacy lists beside a store that is slow, or fails, and beside what comes behind them on the path of a stanza. */
import { beforeEach, describe, expect, it } from 'vitest';
import { TAKEN } from '../../../src/core/hooks/hook.js';
import { order } from '../../../src/core/hooks/order.js';
import { messageUndelivered, stanzaReceived } from '../../../src/core/routing/hooks.js';
import modPrivacy from '../../../src/modules/privacy/mod_privacy.js';
import { ALL_KINDS, kind, type PrivacyItem } from '../../../src/modules/privacy/privacy-list.js';
import { type KeptList, type PrivacyStore, privacyStore } from '../../../src/modules/privacy/privacy-store.js';
import { el } from '../../../src/protocol/element.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { ModuleScene } from '../../support/module-scene.js';

const BOB = { local: 'bob', domain: 'localhost' };
const deniesAlice: PrivacyItem = {
  order: 1,
  type: 'jid',
  value: 'alice@localhost',
  action: 'block',
  kinds: ALL_KINDS,
};
const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

/** Answers for default lists when `next` is called, and fails when that says so. */
class SlowStore {
  readonly memory = privacyStore.memory();
  readonly waiting: ((error?: Error) => void)[] = [];
  asked = 0;
  isSlow = false;

  get store(): PrivacyStore {
    return Object.assign(Object.create(this.memory) as PrivacyStore, {
      names: (account: typeof BOB) => this.memory.names(account),
      list: (account: typeof BOB, name: string) => this.memory.list(account, name),
      setDefault: (account: typeof BOB, name?: string) => this.memory.setDefault(account, name),
      defaultList: async (account: typeof BOB): Promise<KeptList | undefined> => {
        if (account.local === 'bob') this.asked++;
        const list = await this.memory.defaultList(account);
        if (this.isSlow)
          await new Promise<void>((resolve, reject) =>
            this.waiting.push((error) => (error ? reject(error) : resolve())),
          );
        return list;
      },
    });
  }

  async next(error?: Error): Promise<void> {
    await settled();
    this.waiting.shift()?.(error);
    await settled();
  }
}

let slow: SlowStore;
let scene: ModuleScene;
/** Ids of what has come to the archive, and of what was kept for later. */
let archived: string[];
let kept: string[];

beforeEach(async () => {
  slow = new SlowStore();
  scene = new ModuleScene(async () => true);
  archived = [];
  kept = [];
  await scene.start(modPrivacy, { max_items: 10, max_lists: 10 }, { lists: slow.store });
  scene.host.hooks.on(stanzaReceived, order.archive, ({ to, stanza }) => {
    if (to.local === 'bob' && stanza.name !== 'iq') archived.push(stanza.id ?? '');
    return undefined;
  });
  scene.host.hooks.on(messageUndelivered, order.route, ({ stanza }) => {
    kept.push(stanza.id ?? '');
    return TAKEN;
  });
});

function write(id: string, from = 'alice@localhost/a', type = 'chat'): void {
  scene.arrives('message', { to: 'bob@localhost', from, id, type }, 'body');
}

describe('an account without sessions', () => {
  it('what its default list denies is neither archived nor kept, and is answered', async () => {
    await slow.memory.put(BOB, { name: 'rules', items: [deniesAlice] }, { asDefault: true });
    const alice = await scene.enter('alice@localhost/a');
    await alice.sends('message', { to: 'bob@localhost', id: '1', type: 'chat' }, 'body');
    await settled();
    expect({ archived, kept, got: alice.got }).toEqual({ archived: [], kept: [], got: ['error'] });
    expect(alice.stanzas[0]?.toXml()).toContain('service-unavailable');
    write('2', 'carol@localhost/c');
    await settled();
    expect({ archived, kept }).toEqual({ archived: ['2'], kept: ['2'] });
  });

  it('costs one look-up, with lists or without', async () => {
    for (let id = 0; id < 100; id++) write(String(id));
    await settled();
    await settled();
    expect(kept).toHaveLength(100);
    expect(slow.asked).toBe(1);
  });

  it('costs none for presence that nobody is there to see', async () => {
    scene.arrives('presence', { to: 'bob@localhost', from: 'alice@localhost/a' });
    scene.arrives('presence', { to: 'bob@localhost/x', from: 'alice@localhost/a', type: 'unavailable' });
    await settled();
    expect({ asked: slow.asked, archived }).toEqual({ asked: 0, archived: [] });
  });

  it('RFC 6120 section 10.1: what comes while its list is read stays in order', async () => {
    slow.isSlow = true;
    for (const id of ['1', '2', '3']) write(id);
    await settled();
    expect(archived).toEqual([]);
    await slow.next();
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(archived).toEqual(['1', '2', '3']);
    expect(slow.asked).toBe(1);
  });

  it('of whom a session opens meanwhile gets what has waited, in order', async () => {
    slow.isSlow = true;
    write('1');
    const entering = scene.enter('bob@localhost/b');
    await slow.next();
    const bob = await entering;
    scene.becomesAvailable(bob);
    write('2');
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(archived).toEqual(['1', '2']);
  });

  it('a list that cannot be read lets nothing through, and the next stanza tries again', async () => {
    slow.isSlow = true;
    const alice = await slowly(scene.enter('alice@localhost/a'));
    const sent = alice.sends('message', { to: 'bob@localhost', id: '1', type: 'chat' }, 'body');
    await slow.next(new Error('the disk is gone'));
    await sent;
    expect({ archived, kept, got: alice.got }).toEqual({ archived: [], kept: [], got: ['error'] });
    expect(alice.stanzas[0]?.toXml()).toContain('internal-server-error');
    const again = alice.sends('message', { to: 'bob@localhost', id: '2', type: 'chat' }, 'body');
    await slow.next();
    await again;
    expect(kept).toEqual(['2']);
  });

  it('a flood while its list is read is bounded', async () => {
    slow.isSlow = true;
    const alice = await slowly(scene.enter('alice@localhost/a'));
    for (let id = 0; id < 1_001; id++) write(String(id));
    await settled();
    expect(alice.got).toEqual(['error']);
    expect(alice.stanzas[0]?.toXml()).toContain('resource-constraint');
  });
});

describe('a session', () => {
  it('does not open when its lists cannot be read', async () => {
    slow.isSlow = true;
    const opening = scene.enter('bob@localhost/b');
    await slow.next(new Error('the disk is gone'));
    expect((await opening).session).toMatchObject({ condition: 'internal-server-error' });
  });

  it('changes of the default list hold for a reader that was under way', async () => {
    await slow.memory.put(BOB, { name: 'rules', items: [{ ...deniesAlice, kinds: kind.MESSAGE }] });
    slow.isSlow = true;
    const bob = await slowly(scene.enter('bob@localhost/b'));
    const second = scene.enter('bob@localhost/c');
    scene.leaves(bob);
    await slow.next();
    const other = await second;
    await scene.asks(other, 'set', el('query', { xmlns: ns.PRIVACY }, el('default', { name: 'rules' })));
    expect(other.got).toEqual(['result']);
    write('1');
    scene.leaves(other);
    slow.isSlow = false;
    write('2');
    for (let turn = 0; turn < 5; turn++) await settled();
    expect(archived).toEqual([]);
  });
});

async function slowly<T>(opening: Promise<T>): Promise<T> {
  await slow.next();
  return opening;
}
