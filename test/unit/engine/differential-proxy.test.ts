/** Both engines read the same PROXY headers, right and wrong ones. MEERKAT_FUZZ_RUNS sets how many, MEERKAT_FUZZ_SEED which. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import { loadNativeEngine } from '../../../src/engine/native/native-addon.js';
import type { ConnectionDetails } from '../../../src/engine/port.js';
import { createPortableEngine } from '../../../src/engine/portable/portable-engine.js';
import { readProxyHeader } from '../../../src/engine/portable/proxy-header.js';
import { Client, LISTEN, resting, Shard } from '../../support/engine/harness.js';
import { proxyV1, proxyV2, proxyV2Raw, sslTlv, type Tlv, tlv } from '../../support/proxy-header.js';

const RUNS = Number(process.env['MEERKAT_FUZZ_RUNS'] ?? 200);
const SEED = Number(process.env['MEERKAT_FUZZ_SEED'] ?? 20_251);
const TIMEOUT_MS = 30_000 + RUNS * 200;
const LIMIT = 400;

const bytes = fc.uint8Array({ maxLength: 40 });
const port = fc.nat({ max: 65_535 });
const types = Object.values(tlv).filter((type) => type !== tlv.CRC32C);
const anyTlv: fc.Arbitrary<Tlv> = fc.oneof(
  fc.tuple(fc.constantFrom(...types, 0xea), bytes),
  fc
    .tuple(
      fc.nat({ max: 7 }),
      fc.constantFrom(0, 0, 19),
      fc.array(fc.tuple(fc.constantFrom(0x21, 0x22, 0x23, 0x25), bytes)),
    )
    .map(([client, verify, parts]) => sslTlv(client, verify, parts)),
);
const v2Options = fc.record({
  command: fc.constantFrom(1, 1, 1, 0),
  tlvs: fc.array(anyTlv, { maxLength: 4 }),
  checksum: fc.constantFrom(undefined, 'right' as const, 'wrong' as const),
});
const ipv6Text = fc.oneof(
  fc.ipV6(),
  fc.constantFrom(
    '::',
    '::1',
    '::ffff:1.2.3.4',
    '::1.2.3.4',
    '1::',
    '1:2:3:4:5:6:7::',
    '1::2:3:4:5:6:7:8',
    '::1%lo',
    '0:0:1:0:0:1:0:0',
  ),
);
const v1Line = fc
  .tuple(
    fc.constantFrom('TCP4', 'TCP6', 'UNKNOWN', 'TCP', ''),
    fc.oneof(fc.ipV4(), ipv6Text),
    fc.oneof(fc.ipV4(), ipv6Text),
    port,
    port,
  )
  .map(([family, from, to, one, other]) => `PROXY ${family} ${from} ${to} ${one} ${other}\r\n`);
const header: fc.Arbitrary<Buffer> = fc.oneof(
  v1Line.map((line) => Buffer.from(line)),
  fc.tuple(fc.ipV4(), port).map(([from, number]) => Buffer.from(proxyV1(from, number))),
  fc
    .tuple(
      ipv6Text.filter((text) => !text.includes('%')),
      port,
    )
    .map(([from, number]) => Buffer.from(proxyV1(from, number, 'TCP6'))),
  fc.tuple(fc.ipV4(), port, v2Options).map(([from, number, options]) => proxyV2(from, number, options)),
  fc
    .tuple(fc.constantFrom('2001:db8::7', '::ffff:cb00:7107', '::1'), port, v2Options)
    .map(([from, number, options]) => proxyV2(from, number, options)),
  fc
    .tuple(fc.nat({ max: 255 }), fc.nat({ max: 255 }), fc.uint8Array({ maxLength: 300 }))
    .map(([command, family, rest]) => proxyV2Raw(command, family, rest)),
);
const mutated = fc
  .tuple(
    header,
    fc.array(fc.tuple(fc.nat(), fc.nat({ max: 255 })), { maxLength: 2 }),
    fc.option(fc.nat()),
    fc.boolean(),
  )
  .map(([original, changes, cut, isMutated]) => {
    const copy = Buffer.from(original);
    if (isMutated) for (const [at, value] of changes) copy[at % copy.length] = value;
    return isMutated && cut !== null ? copy.subarray(0, cut % (copy.length + 1)) : copy;
  });

const native = loadNativeEngine();

test('a shorter read never decides otherwise', () => {
  fc.assert(
    fc.property(mutated, (input) => {
      const whole = readProxyHeader(input, LIMIT);
      for (let cut = 0; cut < input.length; cut++) {
        const part = readProxyHeader(input.subarray(0, cut), LIMIT);
        if (part !== undefined) expect(part).toEqual(whole);
      }
    }),
    { numRuns: RUNS * 5, seed: SEED },
  );
});

describe.skipIf('unavailable' in native)('on both engines', () => {
  const shards: Shard[] = [];

  beforeAll(async () => {
    if ('unavailable' in native) return;
    const { createNativeEngine } = await import('../../../src/engine/native/native-engine.js');
    shards.push(await Shard.start(createPortableEngine, resting));
    shards.push(await Shard.start(async (options) => createNativeEngine(native, options), resting));
  });

  afterAll(() => {
    for (const shard of shards) shard.engine.stop();
  });

  test(
    'the same addresses, facts and refusals',
    async () => {
      await fc.assert(
        fc.asyncProperty(mutated, async (input) => {
          const [one, other] = await Promise.all(shards.map((shard) => outcome(shard, input)));
          expect(other).toEqual(one);
        }),
        { numRuns: RUNS * 3, seed: SEED + 1 },
      );
    },
    TIMEOUT_MS,
  );
});

/** What is told of a connection that sends these bytes and ends. A listener of its own, for which everything is a first. */
async function outcome(shard: Shard, input: Buffer): Promise<unknown> {
  const proxy = { trusted: [], headerDeadlineMs: 0, maxHeaderBytes: LIMIT };
  const { listener, port: at } = await shard.engine.listen({ ...LISTEN, proxy });
  const from = shard.told.length;
  let told: unknown;
  shard.react = ({ kind, slot, generation }, engine) => {
    if (kind !== eventKind.CONNECTED) return;
    const { remoteAddress, remotePort, proxied } = engine.details(slot, generation) as ConnectionDetails;
    const isOwnPort = remotePort === client.socket.localPort;
    told = {
      remoteAddress,
      remotePort: isOwnPort ? 'own' : remotePort,
      proxied: proxied && { ...proxied, peerPort: 0 },
    };
    engine.abort(slot, generation);
  };
  const client = await Client.connect(at);
  client.send(input);
  client.socket.end();
  await client.until(() => client.hasEnded || client.isClosed);
  await shard.until(() => shard.engine.counters().connections === 0);
  client.destroy();
  shard.engine.unlisten(listener);
  const refused = shard.told.slice(from).find(({ kind }) => kind === eventKind.REFUSED);
  return { refused: refused && refused.detail & 0xff, told };
}
