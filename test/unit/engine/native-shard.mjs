/** A shard on the bare addon, for threads and processes of their own, where TypeScript is not at hand. */
import { createRequire } from 'node:module';

export const LIMITS = {
  maxStanzaBytes: 65_536,
  maxDepth: 64,
  maxAttributes: 32,
  maxTagBytes: 8192,
  maxChildren: 1000,
  maxBytesBeforeAuthentication: 0,
};

export const LISTEN = {
  address: '127.0.0.1',
  port: 0,
  ipv6Only: false,
  backlog: 1024,
  reusePort: false,
  directTls: undefined,
  limits: LIMITS,
  maxOutputBytes: 50_000_000,
  maxOutputWrites: 0,
  maxDecompressedBytes: 65_536,
  authenticationDeadlineMs: 0,
  maxConnections: 0,
};

export const event = {
  CONNECTED: 1,
  STREAM_OPENED: 2,
  ELEMENT: 3,
  STREAM_CLOSED: 4,
  SECURED: 6,
  CLOSED: 7,
  ROUTED: 8,
  CALLED: 9,
  ARRIVED: 10,
};
export const how = { STEP: 0, RESTART: 1, STREAM: 2 };

/** Starts an engine whose events go to `react({ kind, slot, generation, detail, text, envelope }, engine)`. */
export function startShard(addon, { group, shard, shards }, react) {
  const { createEngine } = createRequire(import.meta.url)(addon);
  let arena;
  let words;
  const engine = createEngine({ group, shard, shards, children: [], isHidden: false, names: [] }, (count, changed) => {
    if (changed) arena = Buffer.from(changed);
    try {
      for (let envelope = 0; envelope < count; envelope++) {
        const [kind, slot, generation, start, end] = words.subarray(envelope * 16, envelope * 16 + 5);
        const detail = words[envelope * 16 + 14];
        react(
          { kind: kind & 0xff, slot, generation, detail, text: arena.toString('latin1', start, end), envelope },
          engine,
        );
      }
    } finally {
      engine.endBatch();
    }
  });
  arena = Buffer.from(engine.arena);
  words = new Uint32Array(engine.words);
  return engine;
}
