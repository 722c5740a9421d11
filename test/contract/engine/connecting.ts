/** Contract of engines: connections that they begin themselves. */
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import {
  type ConnectOptions,
  EngineError,
  type EnginePort,
  type TlsClientOptions,
  type TlsOptions,
} from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { type CreateEngine, HEADER, LIMITS, type Shard, step } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, SECURED, CLOSED, TIMED_OUT } = eventKind;

const authority = issue({ name: 'authority', isAuthority: true });
const server = issue({ name: 'localhost', issuer: authority });
const ANSWER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' from='localhost' id='1'>";

const CONNECT: ConnectOptions = {
  address: '127.0.0.1',
  port: 0,
  localAddress: undefined,
  directTls: undefined,
  preamble: undefined,
  limits: LIMITS,
  maxOutputBytes: 1_000_000,
  maxOutputWrites: 0,
  maxDecompressedBytes: 65_536,
  deadlineMs: 0,
};

const TLS_CLIENT: TlsClientOptions = {
  identity: undefined,
  versions: ['TLSv1.2', 'TLSv1.3'],
  ciphers: undefined,
  cipherSuites: undefined,
  ca: authority.certificate,
  crls: [],
  verify: 'peer',
  alpn: [],
};

export function connectingContract(create: CreateEngine): void {
  describe('connecting', () => {
    const scene = new Scene(create);
    const servers: Server[] = [];
    afterEach(() => {
      for (const each of servers.splice(0)) each.close();
    });

    /** A server that opens streams, begins TLS when asked, and sends elements back. */
    async function answering(options: Partial<TlsOptions> = {}): Promise<{ shard: Shard; context: number }> {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) engine.send(told.slot, told.generation, `${ANSWER}<stream:features/>`);
        if (told.kind === ELEMENT && told.text.startsWith('<starttls')) {
          engine.send(told.slot, told.generation, "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
          expect(engine.startTls(told.slot, told.generation, context, 'localhost')).toBe(true);
          return;
        }
        if (told.kind === ELEMENT) engine.send(told.slot, told.generation, told.text);
        step(told, engine);
      });
      const context = shard.engine.createTlsContext(tlsOptions(server, options));
      return { shard, context };
    }

    function open(engine: EnginePort, options: Partial<ConnectOptions>) {
      const name = engine.connect({ ...CONNECT, ...options });
      engine.send(name.slot, name.generation, HEADER);
      return name;
    }

    test('a stream is opened, features come, elements go both ways, and each side ends in its own time', async () => {
      const { shard } = await answering();
      const ours = await scene.shard();
      const { slot, generation } = open(ours.engine, { port: await shard.listen() });
      const connected = await ours.next(CONNECTED);
      expect(connected).toMatchObject({ slot, generation, detail: 0xffff_ffff });
      expect(await shard.next(CONNECTED)).toMatchObject({ detail: 0 });
      await ours.next(STREAM_OPENED);
      expect((await ours.next(ELEMENT)).text).toBe('<stream:features/>');
      ours.engine.send(slot, generation, "<message id='1'/>");
      expect((await ours.next(ELEMENT)).text).toBe("<message id='1'/>");
      const details = ours.engine.details(slot, generation);
      expect(details).toMatchObject({ remoteAddress: '127.0.0.1', localAddress: '127.0.0.1', tls: undefined });
      const accepted = shard.told.find(({ kind }) => kind === CONNECTED);
      const theirs = shard.engine.details(accepted?.slot ?? -1, accepted?.generation ?? -1);
      expect(theirs).toMatchObject({ remotePort: details?.localPort, localPort: details?.remotePort });
      ours.engine.close(slot, generation);
      expect(await ours.next(CLOSED)).toMatchObject({ detail: closeReason.LOCAL });
      expect(await shard.next(CLOSED)).toMatchObject({ detail: closeReason.PEER });
      expect(ours.engine.counters()).toMatchObject({ connections: 0, accepted: 0 });
    });

    test('what nobody listens on is told as unreachable, and nothing else', async () => {
      const { shard } = await answering();
      const port = await shard.listen();
      shard.engine.stop();
      const ours = await scene.shard();
      open(ours.engine, { port });
      expect(await ours.next(CLOSED)).toMatchObject({ detail: closeReason.UNREACHABLE });
      expect(ours.kinds()).toEqual([CLOSED]);
    });

    test('one that is aborted before it stands is closed once', async () => {
      const { shard } = await answering();
      const ours = await scene.shard();
      const { slot, generation } = open(ours.engine, { port: await shard.listen() });
      ours.engine.abort(slot, generation);
      await ours.next(CLOSED);
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ours.kinds()).toEqual([CLOSED]);
    });

    test('an engine that stops while it connects tells nothing more', async () => {
      const { shard } = await answering();
      const ours = await scene.shard();
      const context = ours.engine.createTlsClientContext(TLS_CLIENT);
      const port = await shard.listen();
      for (const directTls of [undefined, { context, serverName: 'localhost' }]) open(ours.engine, { port, directTls });
      ours.engine.stop();
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(ours.kinds()).toEqual([]);
    });

    test('the deadline counts from the beginning', async () => {
      const silent = await listening(() => {});
      const ours = await scene.shard();
      const { slot, generation } = open(ours.engine, { port: silent, deadlineMs: 1 });
      await ours.next(TIMED_OUT);
      ours.engine.abort(slot, generation);
    });

    test('from an address of our choice; one that is not ours cannot even be tried', async () => {
      const { shard } = await answering();
      const ours = await scene.shard();
      const port = await shard.listen();
      open(ours.engine, { port, localAddress: '127.0.0.7' });
      const { slot, generation } = await shard.next(CONNECTED);
      expect(shard.engine.details(slot, generation)?.remoteAddress).toBe('127.0.0.7');
    });

    test.each([
      ['an address that is none', { address: 'localhost' }],
      ['a local address that is none', { localAddress: 'x' }],
      ['a port that is none', { port: 70_000 }],
      ['no port', { port: 0 }],
    ])('%s is refused at once', async (_, options) => {
      const ours = await scene.shard();
      expect(() => ours.engine.connect({ ...CONNECT, port: 5222, ...options })).toThrow(EngineError);
      expect(ours.engine.counters().connections).toBe(0);
    });

    test('a preamble leaves in clear, in front of TLS', async () => {
      let first: string | undefined;
      const port = await listening((socket) => socket.once('data', (bytes) => (first = bytes.toString('latin1'))));
      const ours = await scene.shard();
      const context = ours.engine.createTlsClientContext(TLS_CLIENT);
      open(ours.engine, {
        port,
        directTls: { context, serverName: 'localhost' },
        preamble: Buffer.from('PROXY UNKNOWN\r\n'),
      });
      await ours.until(() => (first?.length ?? 0) > 15);
      // A handshake record follows (RFC 8446 section 5.1).
      expect(first).toMatch(/^PROXY UNKNOWN\r\n\x16\x03/);
    });

    test.each(['TLSv1.2', 'TLSv1.3'] as const)(
      'direct %s: the certificate is judged, and elements go both ways',
      async (version) => {
        const { shard, context } = await answering({ versions: [version], alpn: ['xmpp-client'] });
        const ours = await scene.shard();
        const client = ours.engine.createTlsClientContext({ ...TLS_CLIENT, alpn: ['xmpp-client'] });
        const port = await shard.listen({ directTls: context, maxOutputBytes: 4_000_000 });
        const { slot, generation } = open(ours.engine, {
          port,
          directTls: { context: client, serverName: 'localhost' },
          maxOutputBytes: 4_000_000,
        });
        await ours.next(SECURED);
        await ours.next(STREAM_OPENED);
        await ours.next(ELEMENT);
        const big = `<message><body>${'x'.repeat(50_000)}</body></message>`;
        for (let n = 0; n < 20; n++) ours.engine.send(slot, generation, big);
        for (let n = 0; n < 20; n++) expect((await ours.next(ELEMENT)).text).toBe(big);
        const { tls } = ours.engine.details(slot, generation) ?? {};
        expect(tls).toMatchObject({ version, verified: true, selfSigned: false });
        expect(shard.engine.channelBinding(0, 1, 'tls-exporter')).toEqual(
          ours.engine.channelBinding(slot, generation, 'tls-exporter'),
        );
      },
    );

    test('RFC 6120 section 5: STARTTLS as the client, then a new stream', async () => {
      const { shard } = await answering();
      const ours = await scene.shard((told, engine) => {
        if (told.kind !== ELEMENT || !told.text.startsWith('<proceed')) return step(told, engine);
        expect(engine.startTls(told.slot, told.generation, context, 'localhost')).toBe(true);
      });
      const context = ours.engine.createTlsClientContext(TLS_CLIENT);
      const { slot, generation } = open(ours.engine, { port: await shard.listen() });
      await ours.next(ELEMENT);
      ours.engine.send(slot, generation, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
      await ours.next(SECURED);
      ours.engine.send(slot, generation, HEADER);
      await ours.next(STREAM_OPENED);
      expect((await ours.next(ELEMENT)).text).toBe('<stream:features/>');
    });

    test.each([
      ['for another name', {}, 'example.org'],
      ['of an unknown authority', { ca: undefined }, 'localhost'],
    ] as const)('a certificate %s ends the handshake', async (_, options, serverName) => {
      const { shard, context } = await answering();
      const ours = await scene.shard();
      const client = ours.engine.createTlsClientContext({ ...TLS_CLIENT, ...options });
      open(ours.engine, {
        port: await shard.listen({ directTls: context }),
        directTls: { context: client, serverName },
      });
      expect(await ours.next(CLOSED)).toMatchObject({ detail: closeReason.TLS_FAILED });
      expect(ours.kinds()).not.toContain(SECURED);
      const trusting = ours.engine.createTlsClientContext({ ...TLS_CLIENT, ...options, verify: 'none' });
      const port = await shard.listen({ directTls: context });
      const { slot, generation } = open(ours.engine, { port, directTls: { context: trusting, serverName } });
      await ours.next(SECURED);
      expect(ours.engine.details(slot, generation)?.tls?.verified).toBe(false);
    });

    test('a certificate of ours is shown to a server that asks', async () => {
      const { shard, context } = await answering({
        verify: 'peer',
        requireCertificate: true,
        ca: authority.certificate,
      });
      const ours = await scene.shard();
      const identity = issue({ name: 'client', issuer: authority });
      const client = ours.engine.createTlsClientContext({ ...TLS_CLIENT, identity });
      const port = await shard.listen({ directTls: context });
      open(ours.engine, { port, directTls: { context: client, serverName: 'localhost' } });
      const { slot, generation } = await shard.next(SECURED);
      expect(shard.engine.details(slot, generation)?.tls?.verified).toBe(true);
    });

    async function listening(accept: (socket: Socket) => void): Promise<number> {
      const made = createServer(accept);
      servers.push(made);
      await new Promise<void>((resolve) => made.listen(0, '127.0.0.1', resolve));
      return (made.address() as { port: number }).port;
    }
  });
}
