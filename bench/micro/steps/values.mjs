/** Steps that need no engine: addresses and hooks. */
import { compiled } from '../../lib/places.mjs';
import { syncStep as step } from './sync.mjs';

/** More than a cache holds, so that none of them is found again. */
const STRANGERS = 40_000;

export const names = [
  'Jid, known',
  'Jid, new',
  'Jid, parsed and hashed',
  'hook, nobody listens',
  'hook, three handlers',
];

export async function open() {
  const { Jid, JidCache } = await import(compiled('protocol/jid.js'));

  const { hooks, empty, busy } = await makeHooks();
  const known = new JidCache(1_000);
  const strangers = Array.from({ length: STRANGERS }, (_, number) => `user${number}@capulet.example/balcony`);
  const small = new JidCache(STRANGERS / 10);
  const args = { calls: 0 };
  const texts = ['romeo@montague.example/orchard', 'juliet@capulet.example/balcony'];
  let next = 0;
  let sum = 0;
  const works = [
    (i) => (sum += known.parse(texts[i & 1]).local.length),
    () => (sum += small.parse(strangers[next++ % STRANGERS]).local.length),
    () => (sum += Jid.parse(strangers[next++ % STRANGERS]).hash & 1),
    () => hooks.filter(empty, args),
    () => hooks.filter(busy, args),
  ];
  return {
    steps: names.map((name, index) => step(name, 2_000, works[index])),
    close() {
      // Somebody has to want the results, or the compiler may leave the work out.
      if (Number.isNaN(sum + args.calls)) throw new Error('no address was read');
    },
  };
}

async function makeHooks() {
  const { HookTable } = await import(compiled('core/hooks/hook-table.js'));
  const { filterHook } = await import(compiled('core/hooks/hook.js'));
  const { order } = await import(compiled('core/hooks/order.js'));
  const empty = filterHook('bench.empty', 'Nobody listens.');
  const busy = filterHook('bench.busy', 'Three listen.');
  const hooks = new HookTable((_, error) => {
    throw error;
  });
  for (const band of [order.privacy, order.archive, order.record]) {
    hooks.on(busy, band, (args) => (args.calls++ < 0 ? { kind: 'drop', reason: 'never' } : undefined));
  }
  return { hooks, empty, busy };
}
