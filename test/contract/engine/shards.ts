/** Contract of engines: stanzas, calls and connections that go to other shards. */
import { MessageChannel } from 'node:worker_threads';
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind, stanzaKind, word } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import { child } from '../../../src/protocol/stanza-children.js';
import { issue } from '../../support/engine/certificates.js';
import {
  type Client,
  type CreateEngine,
  HEADER,
  resting,
  type Shard,
  step,
  type Told,
} from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';
import { tlsOptions } from '../../support/engine/tls-options.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, CLOSED, ROUTED, CALLED, ARRIVED, SECURED } = eventKind;

export function shardContract(create: CreateEngine): void {
  describe('shards', () => {
    const scene = new Scene(create);

    /** Two shards, and a client whose connection moved from the first to the second. */
    async function moved(input = ''): Promise<{ from: Shard; to: Shard; client: Client; arrived: Told }> {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const client = await scene.client(await from.listen());
      client.send(HEADER + input);
      const { slot, generation } = await from.next(STREAM_OPENED);
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect(from.engine.move(slot, generation, 1, Buffer.from('state'))).toBe(true);
      const arrived = await to.next(ARRIVED);
      return { from, to, client, arrived };
    }

    test('route: a stanza arrives as ROUTED with its words and its tree', async () => {
      let body: string | undefined;
      const [one, two] = (await scene.shards(2, (told, engine) => {
        if (told.kind === ROUTED) body ??= engine.tree(told.envelope).childText('body');
      })) as [Shard, Shard];
      const stanza = "<message from='a@b' to='c@d'><body>hi</body></message>";
      expect(one.engine.route(1, stanza)).toBe(true);
      expect(one.engine.route(1, Buffer.from('<iq/>'))).toBe(true);
      const told = await two.next(ROUTED);
      expect(told.text).toBe(stanza);
      expect((told.words[word.STANZA] as number) & 0xff).toBe(stanzaKind.MESSAGE);
      expect(told.words[word.CHILDREN_LOW]).toBe(1 << child.BODY);
      expect(body).toBe('hi');
      expect((await two.next(ROUTED)).text).toBe('<iq/>');
    });

    test('addresses: equal texts have equal numbers, other texts others, in whatever way they come; or none has one', async () => {
      const [one, two] = (await scene.shards(2, step)) as [Shard, Shard];
      for (const to of ['c@d', 'e@f', 'c@d']) one.engine.route(1, `<message from='a@b' to='${to}'/>`);
      const client = await scene.client(await two.listen());
      client.send(`${HEADER}<message to='a@b'/>`);
      const told = [await two.next(ROUTED), await two.next(ROUTED), await two.next(ROUTED), await two.next(ELEMENT)];
      const [c, e, again, a] = told.map(({ words }) => words[word.TO_NUMBER]);
      const from = told.map(({ words }) => words[word.FROM_NUMBER]);
      expect(again).toBe(c);
      expect(from).toEqual([a, a, a, 0]);
      expect(new Set([a, c, e]).size).toBe(one.engine.kind === 'native' ? 3 : 1);
      if (one.engine.kind === 'portable') expect(a).toBe(0);
    });

    test('forward: the element of the running batch arrives stamped, and can be delivered there as it is', async () => {
      const [one, two] = (await scene.shards(2, (told, engine) => {
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b/c');
        if (told.kind === ELEMENT) expect(engine.forward(1, told.envelope)).toBe(true);
        if (told.kind === ROUTED) engine.deliver(other.slot, other.generation, told.envelope);
        step(told, engine);
      })) as [Shard, Shard];
      const receiver = await scene.client(await two.listen());
      const other = await two.next(CONNECTED);
      const sender = await scene.client(await one.listen());
      sender.send(`${HEADER}<message to='c@d' from='evil'/>`);
      await receiver.receives("<message from='a@b/c' to='c@d'/>");
    });

    test('call: opaque bytes arrive in order, with their shard', async () => {
      const [one, two] = (await scene.shards(2)) as [Shard, Shard];
      const bytes = Buffer.from([0, 1, 255]);
      expect(two.engine.call(0, bytes)).toBe(true);
      bytes.fill(9);
      expect(two.engine.call(0, Buffer.from('second'))).toBe(true);
      const first = await one.next(CALLED);
      expect([[...first.bytes], first.detail]).toEqual([[0, 1, 255], 1]);
      expect((await one.next(CALLED)).text).toBe('second');
    });

    test('route, call: to oneself too', async () => {
      const [one] = (await scene.shards(1)) as [Shard];
      expect(one.engine.call(0, Buffer.from('me'))).toBe(true);
      expect(one.engine.route(0, '<iq/>')).toBe(true);
      expect((await one.next(CALLED)).text).toBe('me');
      expect((await one.next(ROUTED)).text).toBe('<iq/>');
    });

    test('a shard that does not run: route, call and move say false, and nothing changes', async () => {
      const shard = await scene.shard(resting, { shards: 2 });
      const client = await scene.client(await shard.listen());
      client.send(`${HEADER}<a/>`);
      const { slot, generation } = await shard.next(STREAM_OPENED);
      expect(shard.engine.route(1, '<iq/>')).toBe(false);
      expect(shard.engine.call(1, new Uint8Array(1))).toBe(false);
      expect(shard.engine.move(slot, generation, 1, new Uint8Array(0))).toBe(false);
      shard.engine.proceed(slot, generation, proceed.STEP);
      await shard.next(ELEMENT);
    });

    test('a shard that is hidden is not reached before it shows itself', async () => {
      const group = `hidden-${process.hrtime.bigint()}`;
      const one = await scene.shard(resting, { group, shards: 2 });
      const two = await scene.shard(resting, { group, shards: 2, shard: 1, isHidden: true });
      expect(one.engine.call(1, new Uint8Array(1))).toBe(false);
      expect(one.engine.route(1, '<iq/>')).toBe(false);
      two.engine.show();
      const { port1, port2 } = new MessageChannel();
      one.engine.link(1, port1);
      two.engine.link(0, port2);
      expect(one.engine.route(1, '<iq/>')).toBe(true);
      expect((await two.next(ROUTED)).text).toBe('<iq/>');
    });

    test('a shard that stopped is no longer reached', async () => {
      const [one, two] = (await scene.shards(2)) as [Shard, Shard];
      two.engine.stop();
      await one.until(() => !one.engine.call(1, new Uint8Array(1)));
      expect(one.engine.route(1, '<iq/>')).toBe(false);
    });

    test('move: CLOSED with MOVED here, ARRIVED there with state and source, in lockstep with the unread input', async () => {
      const { from, to, arrived } = await moved('<a/><b/>');
      expect((await from.next(CLOSED)).detail).toBe(closeReason.MOVED);
      expect([arrived.text, arrived.detail]).toEqual(['state', 0]);
      await new Promise((resolve) => setTimeout(resolve, 40));
      expect(to.kinds()).toEqual([ARRIVED]);
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STEP);
      expect((await to.next(ELEMENT)).text).toBe('<a/>');
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STREAM);
      expect((await to.next(ELEMENT)).text).toBe('<b/>');
    });

    test("move: both ways go on, with addresses, stamp and the header's prefixes", async () => {
      const { to, client, arrived } = await moved();
      const { slot, generation } = arrived;
      expect(to.engine.details(slot, generation)?.remotePort).toBe(client.socket.localPort);
      to.engine.send(slot, generation, 'hello');
      await client.receives('hello');
      to.engine.stamp(slot, generation, 'a@b');
      to.react = (told, engine) => {
        if (told.kind === ELEMENT) engine.deliver(told.slot, told.generation, told.envelope);
        if (told.kind === ELEMENT && told.text.includes('stream:')) {
          engine.send(told.slot, told.generation, engine.tree(told.envelope).ns);
        }
        step(told, engine);
      };
      to.engine.proceed(slot, generation, proceed.STEP);
      client.send('<iq/><stream:x/>');
      await client.receives("<iq from='a@b'/>http://etherx.jabber.org/streams");
    });

    test('move: half an element moves too, and what was queued is not lost', async () => {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const client = await scene.client(await from.listen());
      client.send(HEADER);
      const { slot, generation } = await from.next(STREAM_OPENED);
      from.engine.proceed(slot, generation, proceed.STREAM);
      client.send('<message><body>h');
      await new Promise((resolve) => setTimeout(resolve, 50));
      from.engine.send(slot, generation, 'queued');
      from.engine.move(slot, generation, 1, new Uint8Array(0));
      const arrived = await to.next(ARRIVED);
      client.send('i</body></message>');
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STEP);
      expect((await to.next(ELEMENT)).text).toBe('<message><body>hi</body></message>');
      await client.receives('queued');
    });

    test('move: close writes everything there too', async () => {
      const { to, client, arrived } = await moved();
      to.engine.send(arrived.slot, arrived.generation, 'x'.repeat(500_000));
      to.engine.close(arrived.slot, arrived.generation);
      expect((await to.next(CLOSED)).detail).toBe(closeReason.LOCAL);
      await client.until(() => client.hasEnded);
      expect(client.received).toHaveLength(500_000);
    });

    test('move: the peer that ends or resets is told of there', async () => {
      const { to, client, arrived } = await moved();
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STEP);
      client.socket.end('<a/>');
      await to.next(ELEMENT);
      to.engine.proceed(arrived.slot, arrived.generation, proceed.STEP);
      expect((await to.next(CLOSED)).detail).toBe(closeReason.PEER);
      const second = await moved();
      second.client.socket.resetAndDestroy();
      second.to.engine.proceed(second.arrived.slot, second.arrived.generation, proceed.STEP);
      expect((await second.to.next(CLOSED)).detail).toBe(closeReason.RESET);
    });

    test('move: backpressure and limits of output hold there', async () => {
      const { to, client, arrived } = await moved();
      client.socket.pause();
      for (let count = 0; count < 300; count++) {
        to.engine.send(arrived.slot, arrived.generation, 'x'.repeat(100_000));
        await new Promise((resolve) => setTimeout(resolve, 1));
        if (to.kinds().includes(CLOSED)) break;
      }
      expect((await to.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
    });

    test('move: and back again', async () => {
      const { from, to, client, arrived } = await moved();
      expect(to.engine.move(arrived.slot, arrived.generation, 0, Buffer.from('back'))).toBe(true);
      const home = await from.next(ARRIVED);
      expect([home.text, home.detail]).toEqual(['back', 1]);
      expect((await to.next(CLOSED)).detail).toBe(closeReason.MOVED);
      from.engine.proceed(home.slot, home.generation, proceed.STEP);
      client.send('<a/>');
      await from.next(ELEMENT);
      from.engine.send(home.slot, home.generation, 'here');
      await client.receives('here');
    });

    test('move: when the new shard stops, the connection ends', async () => {
      const { to, client } = await moved();
      to.engine.stop();
      await client.until(() => client.isClosed || client.hasEnded);
    });

    test('move: a connection under TLS keeps its details and channel bindings', async () => {
      const [from, to] = (await scene.shards(2, resting)) as [Shard, Shard];
      const context = from.engine.createTlsContext(tlsOptions(issue({ name: 'localhost' })));
      const port = await from.listen({ directTls: context });
      const { Client } = await import('../../support/engine/harness.js');
      const client = scene.keep(await Client.connectTls(port));
      const { slot, generation } = await from.next(SECURED);
      const before = from.engine.details(slot, generation)?.tls;
      client.send(HEADER);
      await from.next(STREAM_OPENED);
      from.engine.move(slot, generation, 1, new Uint8Array(0));
      const arrived = await to.next(ARRIVED);
      expect(to.engine.details(arrived.slot, arrived.generation)?.tls).toEqual(before);
      const binding = to.engine.channelBinding(arrived.slot, arrived.generation, 'tls-exporter');
      const expected = client.tls.exportKeyingMaterial(32, 'EXPORTER-Channel-Binding', Buffer.alloc(0));
      expect(binding && Buffer.from(binding).equals(expected)).toBe(true);
      to.engine.send(arrived.slot, arrived.generation, 'secret');
      await client.receives('secret');
    });
  });
}
