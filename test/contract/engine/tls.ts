/** Contract of engines: handshakes, certificates, channel bindings. */
import { createHash } from 'node:crypto';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { EngineError, type TlsOptions } from '../../../src/engine/port.js';
import { der, type Issued, issue } from '../../support/engine/certificates.js';
import {
  Client,
  type CreateEngine,
  HEADER,
  LISTEN,
  resting,
  type Shard,
  step,
  type Told,
} from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, SECURED, CLOSED } = eventKind;

const authority = issue({ name: 'authority', isAuthority: true });
const server = issue({ name: 'localhost', issuer: authority });
const STARTTLS = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";

export function tlsContract(create: CreateEngine): void {
  describe('TLS', () => {
    const scene = new Scene(create);

    /** A shard with direct TLS, and a client that has connected to it. */
    async function secured(options: Partial<TlsOptions> = {}, client: ConnectionOptions = {}): Promise<Secured> {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(server, options));
      const port = await shard.listen({ directTls: context });
      const connected = scene.keep(await Client.connectTls(port, client));
      return { shard, client: connected, told: await shard.next(SECURED) };
    }

    /** Why the shard closed the connection of a client with these options. */
    async function refused(options: Partial<TlsOptions>, client: ConnectionOptions = {}): Promise<number> {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(server, options));
      const port = await shard.listen({ directTls: context });
      Client.connectTls(port, client).then(
        (connected) => scene.keep(connected),
        () => {},
      );
      const { detail } = await shard.next(CLOSED);
      expect(shard.kinds()).not.toContain(SECURED);
      return detail;
    }

    test('RFC 6120 section 5.4.3: startTls goes on behind the answer, and a new stream follows', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) return step(told, engine);
        if (told.kind !== ELEMENT) return;
        engine.send(told.slot, told.generation, '<proceed/>');
        expect(engine.startTls(told.slot, told.generation, context, 'localhost')).toBe(true);
      });
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}${STARTTLS}`);
      await client.receives('<proceed/>');
      await client.startTls();
      await shard.next(SECURED);
      client.send(HEADER);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      shard.engine.send(slot, generation, 'over TLS');
      await client.receives('over TLS');
      shard.engine.close(slot, generation);
      await client.until(() => client.hasEnded);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.LOCAL);
    });

    test('startTls: false, and nothing changes, when cleartext waits behind the element', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.text === STARTTLS) {
          expect(engine.startTls(told.slot, told.generation, context, '')).toBe(false);
          engine.send(told.slot, told.generation, 'refused');
        }
        step(told, engine);
      });
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}${STARTTLS}<message id='injected'/>`);
      await client.receives('refused');
      await shard.next(ELEMENT);
      expect((await shard.next(ELEMENT)).text).toBe("<message id='injected'/>");
      expect(shard.kinds()).not.toContain(SECURED);
    });

    test('startTls: cleartext that comes behind the answer is no TLS either', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) return step(told, engine);
        if (told.kind !== ELEMENT) return;
        engine.send(told.slot, told.generation, '<proceed/>');
        engine.startTls(told.slot, told.generation, context, '');
      });
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}${STARTTLS}`);
      await client.receives('<proceed/>');
      client.send(`${HEADER}<message/>`);
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.TLS_FAILED);
      expect(shard.kinds().filter((kind) => kind === STREAM_OPENED)).toHaveLength(1);
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'details: version and cipher of %s, and the name asked for',
      async (version) => {
        const { shard, client, told } = await secured({ versions: [version] }, { servername: 'chat.example' });
        const tls = shard.engine.details(told.slot, told.generation)?.tls;
        expect(tls).toMatchObject({ version, serverName: 'chat.example', peerCertificate: undefined, verified: false });
        expect(tls?.cipher).toBe(client.tls.getCipher().name);
      },
    );

    test('setDirectTls: connections from now on get the other certificate, those that are there go on', async () => {
      const next = issue({ name: 'next' });
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const { listener, port } = await shard.engine.listen({ ...LISTEN, directTls: context });
      const before = scene.keep(await Client.connectTls(port, {}));
      await shard.next(SECURED);
      const other = shard.engine.createTlsContext(tlsOptions(next));
      shard.engine.setDirectTls(listener, other);
      shard.engine.dropTlsContext(context);
      shard.engine.dropTlsContext(other);
      const after = scene.keep(await Client.connectTls(port, {}));
      await shard.next(SECURED);
      expect(before.tls.getPeerCertificate().subject.CN).toBe('localhost');
      expect(after.tls.getPeerCertificate().subject.CN).toBe('next');
      before.send(HEADER);
      await shard.next(STREAM_OPENED);
    });

    test('setDirectTls: is refused without such a context, and where TLS does not come first', async () => {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const { listener } = await shard.engine.listen(LISTEN);
      expect(() => shard.engine.setDirectTls(listener, context)).toThrow('does not begin with TLS');
      expect(() => shard.engine.setDirectTls(listener, context + 7)).toThrow('There is no TLS context');
      shard.engine.unlisten(listener);
      shard.engine.setDirectTls(listener, context);
    });

    test('direct TLS: CONNECTED, then SECURED, then the stream', async () => {
      const { shard, client } = await secured();
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
      expect(shard.kinds()).toEqual([CONNECTED, SECURED, STREAM_OPENED]);
    });

    test('versions: a client that has none of them is refused', async () => {
      expect(await refused({ versions: ['TLSv1.3'] }, { maxVersion: 'TLSv1.2' })).toBe(closeReason.TLS_FAILED);
      expect(await refused({ versions: ['TLSv1.2'] }, { minVersion: 'TLSv1.3' })).toBe(closeReason.TLS_FAILED);
    });

    test('ciphers and suites: those configured are used', async () => {
      const ciphers = 'ECDHE-RSA-AES128-GCM-SHA256';
      const old = await secured({ ciphers, versions: ['TLSv1.2'] });
      expect(old.client.tls.getCipher().name).toBe(ciphers);
      const both = await secured({ ciphers });
      expect(both.client.tls.getProtocol()).toBe('TLSv1.3');
      const suites = await secured({ cipherSuites: 'TLS_CHACHA20_POLY1305_SHA256' });
      expect(suites.client.tls.getCipher().name).toBe('TLS_CHACHA20_POLY1305_SHA256');
    });

    test('names: SNI picks the certificate, exact before wildcard, and others get the default', async () => {
      const exact = { ...issue({ name: 'a.example' }), name: 'a.example' };
      const wild = { ...issue({ name: 'wild' }), name: '*.example' };
      const names = [exact, wild];
      const shown = async (servername: string) => {
        const { client } = await secured({ names }, { servername });
        return client.tls.getPeerCertificate().subject.CN;
      };
      expect(await shown('A.example')).toBe('a.example');
      expect(await shown('b.example')).toBe('wild');
      expect(await shown('other.test')).toBe('localhost');
    });

    test('startTls: the name picks the certificate when the client sends none', async () => {
      const names = [{ ...issue({ name: 'a.example' }), name: 'a.example' }];
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) step(told, engine);
        if (told.kind === ELEMENT) {
          engine.send(told.slot, told.generation, '<proceed/>');
          engine.startTls(told.slot, told.generation, context, 'a.example');
        }
      });
      const context = shard.engine.createTlsContext(tlsOptions(server, { names }));
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}${STARTTLS}`);
      await client.receives('<proceed/>');
      await client.startTls();
      expect(client.tls.getPeerCertificate().subject.CN).toBe('a.example');
    });

    test('alpn: a protocol in common is chosen; without one the handshake fails (RFC 7301 section 3.2)', async () => {
      const { client } = await secured({ alpn: ['xmpp-client'] }, { ALPNProtocols: ['h2', 'xmpp-client'] });
      expect(client.tls.alpnProtocol).toBe('xmpp-client');
      expect(await refused({ alpn: ['xmpp-client'] }, { ALPNProtocols: ['h2'] })).toBe(closeReason.TLS_FAILED);
    });

    describe('client certificates', () => {
      const known = issue({ name: 'juliet', issuer: authority });
      const stranger = issue({ name: 'mallory', issuer: issue({ name: 'other', isAuthority: true }) });
      const own = issue({ name: 'self' });
      const asks: Partial<TlsOptions> = { verify: 'peer', ca: authority.certificate };
      const as = ({ certificate, key }: Issued): ConnectionOptions => ({ cert: certificate, key });

      test('peer: a certificate that verifies is told, in DER', async () => {
        const { shard, told } = await secured(asks, as(known));
        const tls = shard.engine.details(told.slot, told.generation)?.tls;
        expect(tls).toMatchObject({ verified: true, verifyError: undefined });
        expect(Buffer.from(tls?.peerCertificate ?? []).equals(der(known.certificate))).toBe(true);
      });

      test('disconnectOnFailure: a certificate that does not verify ends the handshake, or is told with the reason', async () => {
        expect(await refused(asks, as(stranger))).toBe(closeReason.TLS_FAILED);
        const { shard, told } = await secured({ ...asks, disconnectOnFailure: false }, as(stranger));
        const tls = shard.engine.details(told.slot, told.generation)?.tls;
        expect(tls?.verified).toBe(false);
        expect(tls?.verifyError).toMatch(/unable to/);
        expect(tls?.peerCertificate).toBeDefined();
      });

      test('selfsigned: one that leads to the authority is verified, and one configured as such is an authority', async () => {
        const certificates = [known, own];
        for (const each of certificates) {
          const options = { ...asks, ca: authority.certificate + own.certificate, verify: 'selfsigned' } as const;
          const { shard, told } = await secured(options, as(each));
          const tls = shard.engine.details(told.slot, told.generation)?.tls;
          expect(tls).toMatchObject({ verified: true, selfSigned: false, verifyError: undefined });
        }
      });

      test('selfsigned, not disconnecting: one that nobody vouches for is neither', async () => {
        const options = { ...asks, verify: 'selfsigned', disconnectOnFailure: false } as const;
        const { shard, told } = await secured(options, as(stranger));
        const tls = shard.engine.details(told.slot, told.generation)?.tls;
        expect(tls).toMatchObject({ verified: false, selfSigned: false });
        expect(tls?.verifyError).toMatch(/unable to/);
      });

      test('requireCertificate: none ends the handshake; otherwise it is not verified', async () => {
        expect(await refused({ ...asks, requireCertificate: true })).toBe(closeReason.TLS_FAILED);
        const { shard, told } = await secured(asks);
        expect(shard.engine.details(told.slot, told.generation)?.tls).toMatchObject({
          verified: false,
          peerCertificate: undefined,
        });
      });

      test('selfsigned: takes one that signed itself, which peer does not', async () => {
        const { shard, told } = await secured({ ...asks, verify: 'selfsigned' }, as(own));
        const tls = shard.engine.details(told.slot, told.generation)?.tls;
        expect(tls).toMatchObject({ verified: false, selfSigned: true, verifyError: undefined });
        expect(await refused(asks, as(own))).toBe(closeReason.TLS_FAILED);
        expect(await refused({ ...asks, verify: 'selfsigned' }, as(stranger))).toBe(closeReason.TLS_FAILED);
      });
    });

    describe('channel bindings', () => {
      const bound = ({ shard, told }: Secured, type: 'tls-unique' | 'tls-exporter' | 'tls-server-end-point') => {
        const data = shard.engine.channelBinding(told.slot, told.generation, type);
        return data && Buffer.from(data).toString('hex');
      };

      test('RFC 9266: tls-exporter under TLS 1.3 is what the client exports', async () => {
        const connection = await secured({ versions: ['TLSv1.3'] });
        const expected = connection.client.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
        expect(bound(connection, 'tls-exporter')).toBe(expected.toString('hex'));
        expect(bound(connection, 'tls-unique')).toBeUndefined();
      });

      test("RFC 5929 section 3.1: tls-unique under TLS 1.2 is the first Finished message, the client's", async () => {
        const connection = await secured({ versions: ['TLSv1.2'] });
        expect(bound(connection, 'tls-unique')).toBe(connection.client.tls.getFinished()?.toString('hex'));
      });

      test.each([
        ['sha256', 'sha256'],
        ['sha384', 'sha384'],
        ['sha1', 'sha256'],
      ] as const)(
        'RFC 5929 section 4.1: tls-server-end-point of a %s certificate is its %s hash',
        async (signed, hash) => {
          const identity = issue({ name: 'localhost', hash: signed });
          // OpenSSL takes a SHA-1 certificate only where it is told to.
          const ciphers = signed === 'sha1' ? 'DEFAULT:@SECLEVEL=0' : undefined;
          const connection = await secured({ ...identity, ciphers });
          const expected = createHash(hash).update(der(identity.certificate)).digest('hex');
          expect(bound(connection, 'tls-server-end-point')).toBe(expected);
        },
      );

      test('without TLS there is none', async () => {
        const shard = await scene.shard(resting);
        await scene.client(await shard.listen());
        const told = await shard.next(CONNECTED);
        expect(bound({ shard, told } as Secured, 'tls-exporter')).toBeUndefined();
      });
    });

    test.each([
      ['bad-certificate', { certificate: 'no PEM' }],
      ['bad-key', { key: 'no PEM' }],
      ['key-mismatch', { key: authority.key }],
      ['bad-ciphers', { ciphers: 'NO-SUCH-CIPHER' }],
      ['bad-ciphers', { cipherSuites: 'NO_SUCH_SUITE' }],
      ['bad-dh-parameters', { dhParameters: 'no PEM' }],
      ['bad-ca', { ca: 'no PEM' }],
      ['bad-crl', { crls: ['no PEM'] }],
      ['bad-alpn', { alpn: [''] }],
      ['no-tls-version', { versions: [] }],
      ['bad-key', { names: [{ ...server, key: 'no PEM', name: 'a.example' }] }],
    ] as const)('createTlsContext: %s', async (code, options) => {
      const shard = await scene.shard();
      let failure: unknown;
      try {
        shard.engine.createTlsContext(tlsOptions(server, options));
      } catch (error) {
        failure = error;
      }
      expect(failure).toBeInstanceOf(EngineError);
      expect((failure as EngineError).code).toBe(code);
      expect((failure as EngineError).message).not.toContain('PRIVATE KEY');
    });

    test('dropTlsContext: connections that use it, and listeners, go on', async () => {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(server));
      const port = await shard.listen({ directTls: context });
      const client = scene.keep(await Client.connectTls(port));
      await shard.next(SECURED);
      shard.engine.dropTlsContext(context);
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
      scene.keep(await Client.connectTls(port));
      await shard.next(SECURED);
    });
  });
}

interface Secured {
  readonly shard: Shard;
  readonly client: Client;
  readonly told: Told;
}
