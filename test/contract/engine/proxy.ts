/** Contract of engines: listeners behind a load balancer (the PROXY protocol, versions 1 and 2). */
import { connect, type Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, refusal, word } from '../../../src/engine/envelope.js';
import { EngineError, type ListenOptions, type ProxiedDetails, type ProxyOptions } from '../../../src/engine/port.js';
import { issue } from '../../support/engine/certificates.js';
import { Client, type CreateEngine, HEADER, LISTEN, resting, type Shard, step } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';
import { proxyV1, proxyV2, proxyV2Raw, sslTlv, tlv } from '../../support/proxy-header.js';

const { CONNECTED, STREAM_OPENED, STREAM_FAILED, SECURED, CLOSED, REFUSED, ARRIVED, TIMED_OUT } = eventKind;
const PROXY: ProxyOptions = { trusted: [], headerDeadlineMs: 0, maxHeaderBytes: 4096 };

const later = (ms = 30) => new Promise((resolve) => setTimeout(resolve, ms));

export function proxyContract(create: CreateEngine): void {
  describe('PROXY protocol', () => {
    const scene = new Scene(create);

    async function listening(
      proxy: Partial<ProxyOptions> = {},
      options: Partial<ListenOptions> = {},
    ): Promise<{ shard: Shard; port: number }> {
      const shard = await scene.shard(options.authenticationDeadlineMs ? resting : step);
      return { shard, port: await shard.listen({ proxy: { ...PROXY, ...proxy }, ...options }) };
    }

    /** A connection that began with these bytes, and was told of. */
    async function admitted(header: string | Uint8Array, proxy: Partial<ProxyOptions> = {}) {
      const { shard, port } = await listening(proxy);
      const client = await scene.client(port);
      client.send(header);
      const { slot, generation } = await shard.next(CONNECTED);
      const details = () => shard.engine.details(slot, generation);
      return { shard, port, client, slot, generation, details };
    }

    /** What is told of a connection that begins with these bytes. */
    async function refused(header: string | Uint8Array, proxy: Partial<ProxyOptions> = {}) {
      const { shard, port } = await listening(proxy);
      const client = await scene.client(port);
      client.send(header);
      const told = await shard.next(REFUSED);
      await client.until(() => client.isClosed || client.hasEnded);
      expect(client.received).toBe('');
      expect(shard.kinds()).toEqual([REFUSED]);
      expect(shard.engine.counters()).toMatchObject({ connections: 0, accepted: 1, refused: 1 });
      expect(told).toMatchObject({ text: '127.0.0.1', slot: 0, generation: 0 });
      expect([told.detail >>> 8, told.words[word.COUNT]]).toEqual([0, 1]);
      return told.detail & 0xff;
    }

    test.each([
      ['version 1, IPv4', proxyV1('203.0.113.7', 40_000), '203.0.113.7', 40_000],
      ['version 1, IPv6', proxyV1('2001:DB8:0:0::7', 0), '2001:db8::7', 0],
      ['version 1, IPv4 in IPv6', proxyV1('::ffff:203.0.113.7', 1), '203.0.113.7', 1],
      ['version 2, IPv4', proxyV2('203.0.113.7', 40_000), '203.0.113.7', 40_000],
      ['version 2, IPv6', proxyV2('2001:db8::7', 65_535), '2001:db8::7', 65_535],
      ['version 2, IPv4 in IPv6', proxyV2('::ffff:cb00:7107', 1), '203.0.113.7', 1],
      ['version 2 with a checksum', proxyV2('203.0.113.7', 2, { checksum: 'right' }), '203.0.113.7', 2],
    ])('%s: details give the address of the header, and the stream begins behind it', async (_, header, ip, from) => {
      const { shard, client, details } = await admitted(header);
      expect(details()).toMatchObject({ remoteAddress: ip, remotePort: from, localAddress: '127.0.0.1' });
      expect(details()?.proxied).toMatchObject({ peerAddress: '127.0.0.1', peerPort: client.socket.localPort });
      client.send(HEADER);
      expect((await shard.next(STREAM_OPENED)).text).toBe(HEADER);
      expect(details()?.bytesIn).toBe(header.length + HEADER.length);
    });

    test.each([
      ['version 1', Buffer.from(proxyV1('203.0.113.7', 40_000))],
      ['version 2', proxyV2('203.0.113.7', 40_000, { tlvs: [[tlv.AUTHORITY, 'a']] })],
    ])('%s: wherever the header is cut, it is waited for, and nobody hears of the connection', async (_, header) => {
      const { shard, port } = await listening();
      const cuts = Array.from({ length: header.length }, (_byte, cut) => cut).filter((cut) => cut > 0);
      const clients = await Promise.all(cuts.map(() => scene.client(port)));
      clients.forEach((client, index) => {
        client.send(header.subarray(0, cuts[index]));
      });
      await shard.until(() => shard.engine.counters().connections === cuts.length);
      await later(100);
      expect(shard.told).toEqual([]);
      clients.forEach((client, index) => {
        client.send(Buffer.concat([header.subarray(cuts[index]), Buffer.from(HEADER)]));
      });
      await shard.until(() => shard.kinds().filter((kind) => kind === STREAM_OPENED).length === cuts.length);
      for (const { slot, generation } of shard.told.filter(({ kind }) => kind === CONNECTED)) {
        expect(shard.engine.details(slot, generation)?.remoteAddress).toBe('203.0.113.7');
      }
    });

    test('section 2.2: what the TLVs tell is in the details', async () => {
      const ssl = sslTlv(0x01 | 0x02, 0, [
        [tlv.SSL_VERSION, 'TLSv1.3'],
        [tlv.SSL_CN, 'Jürgen'],
        [tlv.SSL_CIPHER, 'TLS_AES_256_GCM_SHA384'],
        [0x7f, 'unheard of'],
      ]);
      const { details, client } = await admitted(
        proxyV2('203.0.113.7', 1, {
          tlvs: [
            [tlv.ALPN, 'xmpp-client'],
            [tlv.AUTHORITY, 'chat.example'],
            [tlv.NOOP, 'xxx'],
            [tlv.UNIQUE_ID, Uint8Array.of(0, 255, 1)],
            ssl,
            [0xea, 'vpce-1'],
          ],
          checksum: 'right',
        }),
      );
      expect(details()?.proxied).toEqual({
        peerAddress: '127.0.0.1',
        peerPort: client.socket.localPort,
        alpn: 'xmpp-client',
        authority: 'chat.example',
        uniqueId: Uint8Array.of(0, 255, 1),
        tls: {
          version: 'TLSv1.3',
          cipher: 'TLS_AES_256_GCM_SHA384',
          clientCommonName: 'Jürgen',
          verified: true,
        },
      });
      expect(details()?.tls).toBeUndefined();
    });

    test.each([
      ['TLS without a client certificate', 0x01, 0, { verified: false }],
      ['a certificate that did not verify', 0x03, 19, { verified: false }],
      ['a certificate of the resumed session', 0x05, 0, { verified: true }],
      ['no TLS at all', 0x00, 0, undefined],
    ])('section 2.2.6: %s', async (_, client, verify, tls) => {
      const { details } = await admitted(proxyV2('203.0.113.7', 1, { tlvs: [sslTlv(client, verify, [])] }));
      const proxied = details()?.proxied as ProxiedDetails;
      if (tls) expect(proxied.tls).toMatchObject(tls);
      else expect(proxied.tls).toBeUndefined();
    });

    test.each([
      ['version 1, UNKNOWN', 'PROXY UNKNOWN\r\n'],
      ['version 1, UNKNOWN with anything behind it', 'PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n'],
      ['version 2, LOCAL', proxyV2Raw(0x20, 0x00, Buffer.alloc(0))],
      ['version 2, LOCAL with addresses', proxyV2('203.0.113.7', 1, { command: 0 })],
      ['version 2, unspecified', proxyV2Raw(0x21, 0x00, Buffer.from('anything'))],
    ])('%s: the addresses of the socket hold', async (_, header) => {
      const { shard, client, details } = await admitted(header);
      expect(details()).toMatchObject({
        remoteAddress: '127.0.0.1',
        remotePort: client.socket.localPort,
        proxied: undefined,
      });
      client.send(HEADER);
      await shard.next(STREAM_OPENED);
    });

    test('version 2, a Unix socket: its address is the balancer’s, its TLVs count', async () => {
      const { details } = await admitted(
        proxyV2Raw(0x21, 0x31, Buffer.alloc(216, 0x2f), [[tlv.AUTHORITY, 'a.example']]),
      );
      expect(details()).toMatchObject({ remoteAddress: '127.0.0.1', proxied: { authority: 'a.example' } });
    });

    const tooLong = proxyV2('203.0.113.7', 1, { tlvs: [[tlv.NOOP, Buffer.alloc(4096)]] });
    test.each([
      ['a stream header', HEADER, refusal.MISSING],
      ['a TLS handshake', Buffer.from([22, 3, 1, 2, 0, 1]), refusal.MISSING],
      ['HTTP', 'GET / HTTP/1.1\r\n\r\n', refusal.MISSING],
      ['version 1 with a bad address', proxyV1('203.0.113.700', 1, 'TCP4'), refusal.BROKEN],
      ['version 1 with a bad port', proxyV1('203.0.113.7', 65_536), refusal.BROKEN],
      ['version 1 with the wrong family', proxyV1('203.0.113.7', 1, 'TCP6'), refusal.BROKEN],
      ['version 1 without an end', `PROXY UNKNOWN ${'x'.repeat(100)}`, refusal.TOO_LONG],
      ['version 2 of version 3', proxyV2Raw(0x31, 0x11, Buffer.alloc(12)), refusal.BROKEN],
      ['version 2 with an unknown command', proxyV2Raw(0x22, 0x11, Buffer.alloc(12)), refusal.BROKEN],
      ['version 2 with half an address', proxyV2Raw(0x21, 0x11, Buffer.alloc(11)), refusal.BROKEN],
      [
        'version 2 with half a TLV',
        proxyV2Raw(0x21, 0x11, Buffer.from([...Array(12).fill(1), 2, 0, 9, 9])),
        refusal.BROKEN,
      ],
      ['version 2 with a wrong checksum', proxyV2('203.0.113.7', 1, { checksum: 'wrong' }), refusal.BAD_CHECKSUM],
      ['version 2 over the limit, from its length alone', tooLong.subarray(0, 16), refusal.TOO_LONG],
    ])('%s: closed in silence, counted and told of', async (_, bytes, reason) => {
      expect(await refused(bytes)).toBe(reason);
    });

    test('maxHeaderBytes: a longer header is refused, one within it is read', async () => {
      const header = proxyV2('203.0.113.7', 1, { tlvs: [[tlv.NOOP, Buffer.alloc(300)]] });
      expect(await refused(header, { maxHeaderBytes: 300 })).toBe(refusal.TOO_LONG);
      await admitted(header, { maxHeaderBytes: header.length });
    });

    test('the peer ends within the header, in order or not: cut short', async () => {
      const { shard, port } = await listening();
      const orderly = await scene.client(port);
      orderly.send('PROXY TCP4 1.2');
      orderly.socket.end();
      expect((await shard.next(REFUSED)).detail & 0xff).toBe(refusal.CUT_SHORT);
      const reset = await scene.client(port);
      reset.send(proxyV2('203.0.113.7', 1).subarray(0, 20));
      await later();
      reset.socket.resetAndDestroy();
      await shard.until(() => shard.engine.counters().refused === 2);
      expect(shard.engine.counters().connections).toBe(0);
    });

    test('headerDeadlineMs: too late, however busily it sends', async () => {
      const { shard, port } = await listening({ headerDeadlineMs: 300 });
      const client = await scene.client(port);
      const header = proxyV1('203.0.113.7', 40_000);
      let at = 0;
      const timer = setInterval(() => client.socket.write(header[at++ % 20] ?? ''), 40);
      const told = await shard.next(REFUSED).finally(() => clearInterval(timer));
      expect(told.detail & 0xff).toBe(refusal.LATE);
      await client.until(() => client.isClosed || client.hasEnded);
    });

    test('authenticationDeadlineMs: runs from the end of the header, whose own deadline is over then', async () => {
      const { shard, port } = await listening({ headerDeadlineMs: 4000 }, { authenticationDeadlineMs: 300 });
      const client = await scene.client(port);
      await later(1500);
      client.send(proxyV1('203.0.113.7', 1));
      const { slot, generation } = await shard.next(CONNECTED);
      await shard.next(TIMED_OUT);
      shard.engine.deadline(slot, generation, 0);
      await later(3500);
      expect(shard.kinds()).toEqual([CONNECTED, TIMED_OUT]);
    });

    test('a health check that connects and leaves is worth no word, before a byte or behind LOCAL', async () => {
      const { shard, port } = await listening();
      const orderly = await scene.client(port);
      orderly.socket.end();
      await orderly.until(() => orderly.hasEnded || orderly.isClosed);
      const reset = await scene.client(port);
      reset.socket.resetAndDestroy();
      await shard.until(() => shard.engine.counters().connections === 0);
      const local = await scene.client(port);
      local.socket.end(proxyV2Raw(0x20, 0x00, Buffer.alloc(0)));
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.PEER);
      expect(shard.kinds()).toEqual([CONNECTED, CLOSED]);
      expect(shard.engine.counters()).toMatchObject({ connections: 0, accepted: 3, refused: 0 });
    });

    test('trusted: from anywhere else the connection is closed', async () => {
      for (const trusted of [['127.0.0.0/8'], ['10.0.0.0/8', '127.0.0.1'], ['::ffff:127.0.0.0/104']]) {
        await admitted(proxyV1('203.0.113.7', 1), { trusted });
      }
      for (const trusted of [['10.0.0.0/8'], ['127.0.0.2', '::1'], ['::/0'], ['126.0.0.0/8']]) {
        expect(await refused('', { trusted })).toBe(refusal.UNTRUSTED);
      }
    });

    test('trusted: what is no network is an EngineError', async () => {
      const shard = await scene.shard();
      for (const network of ['balancer.example', '10.0.0.0/33', '10.0.0.0/', '::1/129', '::ffff:10.0.0.0/8', '']) {
        const listen = async () => shard.listen({ proxy: { ...PROXY, trusted: [network] } });
        await expect(listen(), network).rejects.toThrow(EngineError);
      }
    });

    test('a flood of bad headers is counted one by one, and told of once', async () => {
      const { shard, port } = await listening();
      const clients = await Promise.all(Array.from({ length: 50 }, () => scene.client(port)));
      for (const client of clients) client.send('nonsense');
      await shard.until(() => shard.engine.counters().refused === 50);
      await later(100);
      expect(shard.kinds()).toEqual([REFUSED]);
    });

    test('a second header is no XML', async () => {
      const { shard } = await admitted(proxyV1('203.0.113.7', 1) + proxyV1('203.0.113.8', 1));
      await shard.next(STREAM_FAILED);
    });

    test('what follows the header in the same packet is not lost, nor is the end', async () => {
      const { shard, port } = await listening();
      const client = await scene.client(port);
      client.socket.end(`${proxyV1('203.0.113.7', 1)}${HEADER}<presence/>`);
      await shard.next(CLOSED);
      expect(shard.kinds()).toEqual([CONNECTED, STREAM_OPENED, eventKind.ELEMENT, CLOSED]);
    });

    test('direct TLS begins behind the header, also in the same packet', async () => {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(issue({ name: 'localhost' })));
      const port = await shard.listen({ proxy: PROXY, directTls: context });
      for (const header of [Buffer.from(proxyV1('203.0.113.7', 9)), proxyV2('203.0.113.7', 9)]) {
        const socket = connect(port, '127.0.0.1');
        const tls = connectTls({ socket: withFirst(socket, header), rejectUnauthorized: false });
        tls.on('error', () => {});
        const { slot, generation } = await shard.next(SECURED);
        tls.write(HEADER);
        await shard.next(STREAM_OPENED);
        expect(shard.engine.details(slot, generation)).toMatchObject({
          remoteAddress: '203.0.113.7',
          remotePort: 9,
          tls: { version: 'TLSv1.3' },
        });
        socket.destroy();
      }
    });

    test('a header within TLS is no header', async () => {
      const shard = await scene.shard();
      const context = shard.engine.createTlsContext(tlsOptions(issue({ name: 'localhost' })));
      const port = await shard.listen({ proxy: PROXY, directTls: context });
      await expect(Client.connectTls(port)).rejects.toThrow();
      expect((await shard.next(REFUSED)).detail & 0xff).toBe(refusal.MISSING);
    });

    test('maxConnections: those whose header is awaited count', async () => {
      const { shard, port } = await listening({}, { maxConnections: 1 });
      const first = await scene.client(port);
      await shard.until(() => shard.engine.counters().connections === 1);
      const code = await new Promise((resolve) => {
        const second = connect(port, '127.0.0.1');
        second.on('error', (error: NodeJS.ErrnoException) => resolve(error.code));
        second.on('end', () => resolve('end'));
      });
      expect(code).toBe('ECONNRESET');
      first.destroy();
      await shard.until(() => shard.engine.counters().connections === 0);
      const third = await scene.client(port);
      third.send(proxyV1('203.0.113.7', 1));
      await shard.next(CONNECTED);
    });

    test('move: what the header told goes along', async () => {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const client = await scene.client(await from.listen({ proxy: PROXY }));
      client.send(proxyV2('2001:db8::7', 40_000, { tlvs: [[tlv.UNIQUE_ID, 'id']] }));
      client.send(HEADER);
      const { slot, generation } = await from.next(STREAM_OPENED);
      expect(from.engine.move(slot, generation, 1, Buffer.from('state'))).toBe(true);
      const arrived = await to.next(ARRIVED);
      expect(to.engine.details(arrived.slot, arrived.generation)).toMatchObject({
        remoteAddress: '2001:db8::7',
        remotePort: 40_000,
        proxied: {
          peerAddress: '127.0.0.1',
          peerPort: client.socket.localPort,
          uniqueId: Uint8Array.from(Buffer.from('id')),
        },
      });
    });

    test('stop and unlisten: with headers still awaited', async () => {
      const shard = await scene.shard();
      const { listener, port } = await shard.engine.listen({ ...LISTEN, proxy: PROXY });
      const early = await scene.client(port);
      early.send('PROXY TCP4 ');
      const other = await scene.client(port);
      await shard.until(() => shard.engine.counters().connections === 2);
      shard.engine.unlisten(listener);
      early.send('203.0.113.7 203.0.113.8 1 2\r\n');
      expect((await shard.next(CONNECTED)).detail).toBe(listener);
      shard.engine.stop();
      await other.until(() => other.isClosed || other.hasEnded);
    });
  });
}

/** The socket as a stream that puts these bytes in front of the first that are written, in one packet. */
function withFirst(socket: Socket, first: Uint8Array): Duplex {
  let before: Uint8Array = first;
  const duplex = new Duplex({
    read: () => void socket.resume(),
    write: (chunk: Uint8Array, _encoding, done) => {
      socket.write(Buffer.concat([before, chunk]), done);
      before = Buffer.alloc(0);
    },
  });
  socket.on('data', (bytes) => {
    if (!duplex.push(bytes)) socket.pause();
  });
  socket.on('end', () => duplex.push(null));
  socket.on('error', () => duplex.destroy());
  return duplex;
}
