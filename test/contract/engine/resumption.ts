/** Contract of engines: TLS sessions that are resumed, and those that must not be. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { TICKET_KEY_BYTES, type TlsOptions, type TlsVersion } from '../../../src/engine/port.js';
import { type Issued, issue } from '../../support/engine/certificates.js';
import { Client, type CreateEngine, HEADER, type Shard } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const { SECURED, STREAM_OPENED, CLOSED } = eventKind;
const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

const authority = issue({ name: 'authority', isAuthority: true });
const server = issue({ name: 'localhost', issuer: authority });
const juliet = issue({ name: 'juliet', issuer: authority });
const newKey = () => randomBytes(TICKET_KEY_BYTES);
const as = ({ certificate, key }: Issued): ConnectionOptions => ({ cert: certificate, key });

export function resumptionContract(create: CreateEngine): void {
  describe('TLS session resumption', () => {
    const scene = new Scene(create);

    async function shardWith(key?: Uint8Array, previous?: Uint8Array): Promise<Shard> {
      const shard = await scene.shard();
      if (key) shard.engine.setTicketKeys(key, previous);
      return shard;
    }

    function listen(shard: Shard, options: Partial<TlsOptions> = {}): Promise<number> {
      return shard.listen({ directTls: shard.engine.createTlsContext(tlsOptions(server, options)) });
    }

    /** Connects, opens a stream, and returns what it takes to come again. */
    async function visit(port: number, shard: Shard, version: TlsVersion, options: ConnectionOptions = {}) {
      let session: Buffer | undefined;
      const client = scene.keep(
        await Client.connectTls(port, { minVersion: version, maxVersion: version, ...options }),
      );
      client.tls.on('session', (ticket: Buffer) => {
        session = ticket;
      });
      const told = await shard.next(SECURED);
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
      const { slot, generation } = told;
      shard.engine.send(slot, generation, '<answer/>');
      await client.receives('<answer/>');
      return {
        session: session ?? client.tls.getSession(),
        isReused: client.tls.isSessionReused(),
        tls: shard.engine.details(slot, generation)?.tls,
        unique: shard.engine.channelBinding(slot, generation, 'tls-unique'),
        exporter: shard.engine.channelBinding(slot, generation, 'tls-exporter'),
        client: client.tls,
      };
    }

    test.each(VERSIONS)('%s: a session is resumed, and the stream works', async (version) => {
      const shard = await shardWith(newKey());
      const port = await listen(shard);
      const first = await visit(port, shard, version);
      expect(first.isReused).toBe(false);
      const second = await visit(port, shard, version, { session: first.session });
      expect(second.isReused).toBe(true);
      expect(second.tls).toMatchObject({ version, verified: false, peerCertificate: undefined });
    });

    test.each(VERSIONS)('%s: another shard with the same key resumes it too', async (version) => {
      const key = newKey();
      const [one, other] = [await shardWith(key), await shardWith(key)];
      const { session } = await visit(await listen(one), one, version);
      expect((await visit(await listen(other), other, version, { session })).isReused).toBe(true);
    });

    test.each(VERSIONS)('%s: not without keys, and not under keys of somebody else', async (version) => {
      const [silent, one, other] = [await shardWith(), await shardWith(newKey()), await shardWith(newKey())];
      const port = await listen(silent);
      const unsealed = await visit(port, silent, version);
      expect((await visit(port, silent, version, { session: unsealed.session })).isReused).toBe(false);
      const { session } = await visit(await listen(one), one, version);
      expect((await visit(await listen(other), other, version, { session })).isReused).toBe(false);
    });

    test.each(VERSIONS)('%s: not once its key is neither the current one nor the previous', async (version) => {
      const shard = await shardWith(newKey());
      const port = await listen(shard);
      const { session } = await visit(port, shard, version);
      shard.engine.setTicketKeys(newKey(), newKey());
      expect((await visit(port, shard, version, { session })).isReused).toBe(false);
    });

    test.each(VERSIONS)(
      '%s: under the previous key it is resumed by an engine that can, and else begun anew',
      async (version) => {
        const key = newKey();
        const shard = await shardWith(key);
        const port = await listen(shard);
        const { session } = await visit(port, shard, version);
        shard.engine.setTicketKeys(newKey(), key);
        const { isReused } = await visit(port, shard, version, { session });
        expect(isReused).toBe(shard.engine.kind === 'native');
      },
    );

    test.each(VERSIONS)('%s: a context with another certificate does not resume it', async (version) => {
      const shard = await shardWith(newKey());
      const { session } = await visit(await listen(shard), shard, version);
      const renewed = await listen(shard, issue({ name: 'localhost', issuer: authority }));
      expect((await visit(renewed, shard, version, { session })).isReused).toBe(false);
    });

    test.each(VERSIONS)('%s: a client with a certificate is judged in every handshake', async (version) => {
      const shard = await shardWith(newKey());
      const asks = { verify: 'peer', ca: authority.certificate } as const;
      const port = await listen(shard, asks);
      const first = await visit(port, shard, version, as(juliet));
      expect(first.tls?.verified).toBe(true);
      const again = await visit(port, shard, version, { ...as(juliet), session: first.session });
      expect(again.isReused).toBe(false);
      expect(again.tls?.verified).toBe(true);
      const without = await visit(port, shard, version, { session: first.session });
      expect(without.tls).toMatchObject({ verified: false, peerCertificate: undefined });
      const another = await listen(shard, { ...asks, ca: issue({ name: 'other', isAuthority: true }).certificate });
      Client.connectTls(another, { ...as(juliet), minVersion: version, session: first.session }).then(
        (client) => scene.keep(client),
        () => {},
      );
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.TLS_FAILED);
    });

    test.each(VERSIONS)(
      '%s: a session from a listener that asks for no certificate opens none that does',
      async (version) => {
        const shard = await shardWith(newKey());
        const { session } = await visit(await listen(shard), shard, version);
        const asking = await listen(shard, { verify: 'peer', ca: authority.certificate });
        const visited = await visit(asking, shard, version, { ...as(juliet), session });
        expect(visited.isReused).toBe(false);
        expect(visited.tls?.verified).toBe(true);
      },
    );

    test('RFC 9266: tls-exporter of a resumed session is its own', async () => {
      const shard = await shardWith(newKey());
      const port = await listen(shard);
      const first = await visit(port, shard, 'TLSv1.3');
      const second = await visit(port, shard, 'TLSv1.3', { session: first.session });
      expect(second.isReused).toBe(true);
      expect(second.exporter).not.toEqual(first.exporter);
      const expected = second.client.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
      expect(Buffer.from(second.exporter ?? []).equals(expected)).toBe(true);
    });

    test("RFC 5929 section 3.1: tls-unique of a resumed session is the server's Finished message, or there is none", async () => {
      const shard = await shardWith(newKey());
      const port = await listen(shard);
      const first = await visit(port, shard, 'TLSv1.2');
      const second = await visit(port, shard, 'TLSv1.2', { session: first.session });
      expect(second.isReused).toBe(true);
      if (shard.engine.kind === 'portable') expect(second.unique).toBeUndefined();
      else expect(Buffer.from(second.unique ?? []).equals(second.client.getPeerFinished() as Buffer)).toBe(true);
    });

    test('RFC 5746: a client of TLS 1.2 cannot negotiate anew', async () => {
      const shard = await shardWith(newKey());
      const { client } = await visit(await listen(shard), shard, 'TLSv1.2');
      expect(await renegotiated(client)).not.toBe('done');
    });

    test('setTicketKeys: a key of another size is refused', async () => {
      const shard = await shardWith();
      expect(() => shard.engine.setTicketKeys(randomBytes(48), undefined)).toThrow('80 bytes');
      expect(() => shard.engine.setTicketKeys(newKey(), randomBytes(1))).toThrow('80 bytes');
    });
  });
}

/** How the client's attempt ends. */
async function renegotiated(client: TLSSocket): Promise<string> {
  const over = Promise.race([
    once(client, 'error').then(([error]) => String(error)),
    once(client, 'close').then(() => 'closed'),
  ]);
  const tried = new Promise<string>((resolve) => {
    client.renegotiate({ rejectUnauthorized: false }, (error) => resolve(error ? String(error) : 'done'));
  });
  return Promise.race([over, tried]);
}
