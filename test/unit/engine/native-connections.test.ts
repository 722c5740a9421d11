/** Native connections in trouble: peers that go away at every step, records cut in two, lists of revoked certificates. */
import { connect, type Socket } from 'node:net';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { Client, HEADER, type Reaction, resting, type Shard, step, streaming } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { createNative } from './native-kit.js';
import { revocationList } from './revocation-list.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, SECURED, CLOSED } = eventKind;
const scene = new Scene(createNative);
const authority = issue({ name: 'authority', isAuthority: true });
const server = issue({ name: 'localhost', issuer: authority });

/** Every connection that was told of has ended, once, and the shard serves on. */
async function allEnded(shard: Shard, port: number, count: number): Promise<void> {
  const closed = (): string[] =>
    shard.told.filter(({ kind }) => kind === CLOSED).map(({ slot, generation }) => `${slot} ${generation}`);
  await shard.until(() => closed().length === count);
  expect(new Set(closed()).size).toBe(count);
  expect(shard.engine.counters().connections).toBe(0);
  const client = await scene.client(port);
  await shard.until(() => shard.engine.counters().connections === 1);
  client.destroy();
}

describe('a peer that resets', () => {
  const element = `<message><body>${'x'.repeat(3000)}</body></message>`;
  const flood: Reaction = (told, engine) => {
    if (told.kind === STREAM_OPENED || told.kind === ELEMENT) {
      engine.send(told.slot, told.generation, 'x'.repeat(200_000));
      engine.proceed(told.slot, told.generation, proceed.STREAM);
    }
  };
  const closing: Reaction = (told, engine) => {
    if (told.kind !== STREAM_OPENED) return;
    engine.send(told.slot, told.generation, 'x'.repeat(500_000));
    engine.close(told.slot, told.generation);
  };

  test.each([
    ['at once', '', step],
    ['within the header', HEADER.slice(0, 30), step],
    ['while an element waits in lockstep', `${HEADER}<a/><b/>`, resting],
    ['within an element', HEADER + element.slice(0, 2000), streaming],
    ['between elements', HEADER + element, streaming],
    ['while output is queued', HEADER + element, flood],
    ['while the connection is being closed', HEADER, closing],
  ] as const)('%s: CLOSED once, and nothing is left', async (_, input, react) => {
    const shard = await scene.shard(react);
    const port = await shard.listen({ maxOutputBytes: 100_000_000 });
    const count = 20;
    for (let n = 0; n < count; n++) {
      const socket = connect(port, '127.0.0.1');
      socket.on('error', () => {});
      await new Promise<void>((resolve) => socket.write(input || ' ', () => resolve()));
      // Sometimes before the input is read, sometimes behind.
      if (n % 2 === 0) await new Promise((resolve) => setTimeout(resolve, n));
      socket.resetAndDestroy();
    }
    await allEnded(shard, port, count);
  });

  test('within a TLS handshake and within records, cut at many places: CLOSED once, and nothing is left', async () => {
    const shard = await scene.shard(streaming);
    const context = shard.engine.createTlsContext(tlsOptions(server));
    const port = await shard.listen({ directTls: context });
    const cuts = [1, 5, 100, 300, 517, 600, 700, 800, 1000, 1500];
    for (const cut of cuts) await resetAfter(port, cut);
    await allEnded(shard, port, cuts.length);
  });

  /** A TLS client behind a relay that resets the connection after so many bytes of the client's. */
  async function resetAfter(port: number, bytes: number): Promise<void> {
    const { createServer } = await import('node:net');
    const upstream = connect(port, '127.0.0.1');
    upstream.on('error', () => {});
    await new Promise<void>((done) => {
      const relay = createServer((downstream: Socket) => {
        let left = bytes;
        downstream.on('error', () => {});
        upstream.on('data', (data) => downstream.write(data));
        downstream.on('data', (data) => {
          upstream.write(data.subarray(0, left), () => {
            if (left > 0) return;
            upstream.resetAndDestroy();
            downstream.destroy();
            relay.close(() => done());
          });
          left = Math.max(0, left - data.length);
        });
      }).listen(0, '127.0.0.1', () => {
        const { port: own } = relay.address() as { port: number };
        Client.connectTls(own).then(
          (client) => {
            scene.keep(client);
            client.send(HEADER + element);
          },
          () => {},
        );
      });
    });
  }
});

describe('a batch', () => {
  test('an element whose sender was aborted within the batch can still be delivered, and read', async () => {
    const trees: string[] = [];
    const shard = await scene.shard((told, engine) => {
      if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b');
      if (told.kind === ELEMENT) {
        engine.abort(told.slot, told.generation);
        expect(engine.deliver(other.slot, other.generation, told.envelope)).toBe(true);
        trees.push(engine.tree(told.envelope).attrs.to as string);
      }
      step(told, engine);
    });
    const port = await shard.listen();
    const receiver = await scene.client(port);
    const other = await shard.next(CONNECTED);
    const sender = await scene.client(port);
    sender.send(`${HEADER}<message to='o'/>`);
    await receiver.receives("<message from='a@b' to='o'/>");
    expect(trees).toEqual(['o']);
  });

  test('stop within it: no further event, and no call does anything', async () => {
    const shard = await scene.shard((told, engine) => {
      if (told.kind !== STREAM_OPENED) return;
      engine.stop();
      expect(engine.send(told.slot, told.generation, 'x')).toBe(false);
      expect(engine.details(told.slot, told.generation)).toBeUndefined();
      expect(() => engine.createTlsContext(tlsOptions(server))).toThrow('The engine was stopped.');
    });
    const client = await scene.client(await shard.listen());
    client.send(`${HEADER}<a/>`);
    await client.until(() => client.isClosed || client.hasEnded);
    expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED]);
  });

  test('what promises queue in the same turn is sent, and what they read of the batch is not there any more', async () => {
    let later: Promise<void> | undefined;
    const shard = await scene.shard((told, engine) => {
      if (told.kind !== STREAM_OPENED) return;
      later = Promise.resolve().then(() => {
        expect(() => engine.tree(told.envelope)).toThrow('no element');
        engine.send(told.slot, told.generation, 'later');
      });
    });
    const client = await scene.client(await shard.listen());
    client.send(HEADER);
    await client.receives('later');
    await later;
  });
});

describe('under TLS', () => {
  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    '%s: megabytes both ways, to a peer that reads slowly',
    async (version) => {
      const size = 8_000_000;
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) {
          for (let n = 0; n < 8; n++) engine.send(told.slot, told.generation, String(n).repeat(size / 8));
        }
        streaming(told, engine);
      });
      const context = shard.engine.createTlsContext(tlsOptions(server, { versions: [version] }));
      const port = await shard.listen({ directTls: context, maxOutputBytes: 2 * size });
      const client = scene.keep(await Client.connectTls(port));
      client.socket.pause();
      const elements = Array.from(
        { length: 2000 },
        (_, n) => `<message id='${n}'>${'y'.repeat(1 + ((n * 37) % 4000))}</message>`,
      );
      client.send(HEADER + elements.join(''));
      const told = (): string =>
        shard.told
          .filter(({ kind }) => kind === ELEMENT)
          .map(({ text }) => text)
          .join('');
      await shard.until(() => told().length === elements.join('').length);
      expect(told()).toBe(elements.join(''));
      client.socket.resume();
      await client.until(() => client.received.length === size);
      for (let n = 0; n < 8; n++)
        expect(client.received.slice((n * size) / 8, ((n + 1) * size) / 8)).toBe(String(n).repeat(size / 8));
    },
  );

  test('a peer that never reads is closed with QUEUE_FULL, and held no more than the limit', async () => {
    const limit = 1_000_000;
    const shard = await scene.shard(streaming);
    const context = shard.engine.createTlsContext(tlsOptions(server));
    const client = scene.keep(
      await Client.connectTls(await shard.listen({ directTls: context, maxOutputBytes: limit })),
    );
    client.socket.pause();
    const { slot, generation } = await shard.next(SECURED);
    let most = 0;
    while (!shard.kinds().includes(CLOSED)) {
      shard.engine.send(slot, generation, 'x'.repeat(50_000));
      most = Math.max(most, shard.engine.details(slot, generation)?.queuedBytes ?? 0);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect((await shard.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
    expect(most).toBeGreaterThan(limit / 2);
    expect(most).toBeLessThanOrEqual(limit);
  });

  test('close_notify is sent when we close', async () => {
    const shard = await scene.shard((told, engine) => {
      if (told.kind === SECURED) engine.close(told.slot, told.generation);
    });
    const context = shard.engine.createTlsContext(tlsOptions(server));
    const client = scene.keep(await Client.connectTls(await shard.listen({ directTls: context })));
    // An end without close_notify would be an error of Node's TLS.
    await client.until(() => client.hasEnded);
    expect(client.error).toBeUndefined();
  });

  test('white space behind <starttls/> is dropped with the clear text', async () => {
    const shard = await scene.shard((told, engine) => {
      if (told.kind !== ELEMENT) return step(told, engine);
      engine.send(told.slot, told.generation, '<proceed/>');
      expect(engine.startTls(told.slot, told.generation, context, '')).toBe(true);
    });
    const context = shard.engine.createTlsContext(tlsOptions(server));
    const client = await scene.client(await shard.listen());
    client.send(`${HEADER}<starttls/>\r\n `);
    await client.receives('<proceed/>');
    await client.startTls();
    await shard.next(SECURED);
  });

  test('renegotiation, resumption and compression are off', async () => {
    const shard = await scene.shard(streaming);
    const context = shard.engine.createTlsContext(tlsOptions(server, { versions: ['TLSv1.2'] }));
    const port = await shard.listen({ directTls: context });
    const client = scene.keep(await Client.connectTls(port));
    const session = client.tls.getSession();
    expect(client.tls.getTLSTicket()).toBeUndefined();
    const again = scene.keep(await Client.connectTls(port, { session: session as Buffer }));
    expect(again.tls.isSessionReused()).toBe(false);
    client.tls.renegotiate({}, () => {});
    await client.until(() => client.error !== undefined || client.isClosed);
  });

  test('crls: a certificate that was revoked is refused, another one is not', async () => {
    const good = issue({ name: 'romeo', issuer: authority });
    const bad = issue({ name: 'tybalt', issuer: authority });
    const crls = [revocationList(authority, [bad.certificate])];
    const shard = await scene.shard();
    const options = { verify: 'peer', ca: authority.certificate, crls } as const;
    const context = shard.engine.createTlsContext(tlsOptions(server, options));
    const port = await shard.listen({ directTls: context });
    scene.keep(await Client.connectTls(port, { cert: good.certificate, key: good.key }));
    const { slot, generation } = await shard.next(SECURED);
    expect(shard.engine.details(slot, generation)?.tls?.verified).toBe(true);
    Client.connectTls(port, { cert: bad.certificate, key: bad.key }).then(
      (client) => scene.keep(client),
      () => {},
    );
    expect((await shard.next(CLOSED)).detail).toBe(closeReason.TLS_FAILED);
  });

  test('a key with a passphrase is read with it, and refused without, never asking the terminal', async () => {
    const { createPrivateKey } = await import('node:crypto');
    const key = createPrivateKey(server.key)
      .export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'open sesame' })
      .toString();
    const shard = await scene.shard();
    const make = (passphrase?: string) => () =>
      shard.engine.createTlsContext(tlsOptions({ certificate: server.certificate, key, passphrase }));
    expect(make('open sesame')).not.toThrow();
    expect(make('wrong')).toThrow(expect.objectContaining({ code: 'bad-key' }));
    expect(make()).toThrow(expect.objectContaining({ code: 'bad-key' }));
  });
});
