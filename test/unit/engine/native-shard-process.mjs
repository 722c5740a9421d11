/**
 * A shard in a process of its own, for what can only be seen from outside: memory, descriptors, exceptions. Arguments: the addon, and
 * what it should do. A line on its input is answered with a line of figures.
 */
import { createInterface } from 'node:readline';
import { event, how, LISTEN, startShard } from './native-shard.mjs';

const [addon, mode, tls] = process.argv.slice(2);
let exceptions = 0;
process.on('uncaughtException', (error) => {
  if (error.message !== 'a bug in a handler') throw error;
  exceptions++;
});

const engine = startShard(addon, { group: 'g', shard: 0, shards: 1 }, ({ kind, slot, generation }, engine) => {
  if (kind === event.STREAM_OPENED && mode === 'throw') throw new Error('a bug in a handler');
  if (kind === event.STREAM_OPENED) engine.proceed(slot, generation, how.STREAM);
});
const directTls = tls ? engine.createTlsContext(JSON.parse(tls)) : undefined;
const { port } = engine.listen({ ...LISTEN, directTls });

for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'stop') break;
  globalThis.gc?.();
  const { user, system } = process.cpuUsage();
  // Asking for memory takes a descriptor.
  const rss = mode === 'poor' ? 0 : process.memoryUsage.rss();
  const figures = { port, exceptions, cpuMs: (user + system) / 1000, ...engine.counters(), rss };
  console.log(JSON.stringify(figures));
}
engine.stop();
