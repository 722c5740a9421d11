/** Steps that need no engine: addresses, hooks, elements. */

import { chatText } from '../inside/chat-pair.mjs';
import { compiled } from '../lib/places.mjs';

/** More than a cache holds, so that none of them is found again. */
const STRANGERS = 40_000;

export async function valueSteps() {
  const { Jid, JidCache } = await import(compiled('protocol/jid.js'));
  const { HookTable } = await import(compiled('core/hooks/hook-table.js'));
  const { filterHook } = await import(compiled('core/hooks/hook.js'));
  const { order } = await import(compiled('core/hooks/order.js'));
  const { createEngine } = await import(compiled('engine/create-engine.js'));
  const engine = await createEngine('portable', { shard: 0, shards: 1, group: 'values', children: [], onBatch() {} });
  const tree = engine.parse(chatText('juliet@capulet.example/balcony', 1));
  engine.stop();

  const known = new JidCache(1_000);
  const strangers = Array.from({ length: STRANGERS }, (_, number) => `user${number}@capulet.example/balcony`);
  const small = new JidCache(STRANGERS / 10);
  const empty = filterHook('bench.empty', 'Nobody listens.');
  const busy = filterHook('bench.busy', 'Three listen.');
  const hooks = new HookTable((_, error) => {
    throw error;
  });
  for (const band of [order.privacy, order.archive, order.record]) {
    hooks.on(busy, band, (args) => (args.calls++ < 0 ? { kind: 'drop', reason: 'never' } : undefined));
  }
  const args = { calls: 0 };
  const texts = ['romeo@montague.example/orchard', 'juliet@capulet.example/balcony'];
  let sum = 0;
  return [
    step('JID, known', (i) => (sum += known.parse(texts[i & 1]).local.length)),
    step('JID, new', (i) => (sum += small.parse(strangers[i % STRANGERS]).local.length)),
    step('JID, parsed and hashed', (i) => (sum += Jid.parse(strangers[i % STRANGERS]).hash & 1)),
    step('hook, nobody listens', () => hooks.filter(empty, args)),
    step('hook, three handlers', () => hooks.filter(busy, args)),
    step('element to XML', () => (sum += tree.toXml('jabber:client').length)),
  ];
}

function step(name, operation) {
  return {
    name,
    run(operations) {
      const before = process.cpuUsage();
      for (let i = 0; i < operations; i++) operation(i);
      const { user, system } = process.cpuUsage(before);
      return { done: operations, microseconds: user + system };
    },
  };
}
