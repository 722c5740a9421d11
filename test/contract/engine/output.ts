/** Contract of engines: what is sent, delivered, stamped, and held back. */
import { describe, expect, test } from 'vitest';
import { closeReason, eventKind } from '../../../src/engine/envelope.js';
import { type Client, type CreateEngine, HEADER, type Shard, step, type Told } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

const { CONNECTED, STREAM_OPENED, ELEMENT, CLOSED, DRAINED } = eventKind;

export function outputContract(create: CreateEngine): void {
  describe('output', () => {
    const scene = new Scene(create);

    async function connected(shard: Shard, port: number): Promise<{ client: Client; told: Told }> {
      const client = await scene.client(port);
      return { client, told: await shard.next(CONNECTED) };
    }

    test('send: text and bytes leave in order', async () => {
      const shard = await scene.shard();
      const { client, told } = await connected(shard, await shard.listen());
      expect(shard.engine.send(told.slot, told.generation, 'é')).toBe(true);
      const bytes = Buffer.from('-x-');
      shard.engine.send(told.slot, told.generation, bytes);
      bytes.fill(0);
      shard.engine.send(told.slot, told.generation, 'end');
      await client.receives('é-x-end');
    });

    test("deliver: the element goes out with the sender's stamp in place of its own from", async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, `a'&"@b/<>`);
        if (told.kind === ELEMENT) expect(engine.deliver(told.slot, told.generation, told.envelope)).toBe(true);
        step(told, engine);
      });
      const { client } = await connected(shard, await shard.listen());
      client.send(`${HEADER}<message id='1' from='evil' to='x'><body/></message><iq/><iq from="evil"/><iq\n to='x'/>`);
      const stamp = "from='a&apos;&amp;&quot;@b/&lt;&gt;'";
      await client.receives(
        `<message ${stamp} id='1' to='x'><body/></message><iq ${stamp}/><iq ${stamp}/><iq ${stamp}\n to='x'/>`,
      );
    });

    test('deliver: no name that a client gives to an attribute keeps its own from in place', async () => {
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b');
        if (told.kind === ELEMENT) engine.deliver(told.slot, told.generation, told.envelope);
        step(told, engine);
      });
      const { client } = await connected(shard, await shard.listen());
      const names = ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty'];
      client.send(`${HEADER}${names.map((name) => `<iq from='evil' ${name}='x'/>`).join('')}`);
      await client.receives(names.map((name) => `<iq from='a@b' ${name}='x'/>`).join(''));
    });

    test('deliver: false, and nothing goes out, for what nobody vouched for or what leans on the header', async () => {
      const answers: boolean[] = [];
      const shard = await scene.shard((told, engine) => {
        if (told.kind === ELEMENT) answers.push(engine.deliver(told.slot, told.generation, told.envelope));
        if (told.kind === ELEMENT) engine.stamp(told.slot, told.generation, 'a@b');
        if (told.kind === STREAM_OPENED) answers.push(engine.deliver(told.slot, told.generation, told.envelope));
        step(told, engine);
      });
      const { client, told } = await connected(shard, await shard.listen());
      client.send(`${HEADER}<iq id='1'/><iq id='2'><stream:x/></iq><iq id='3'/>`);
      await shard.until(() => answers.length === 4);
      expect(answers).toEqual([false, false, false, true]);
      shard.engine.send(told.slot, told.generation, 'end');
      await client.receives('end');
      expect(client.received).toBe("<iq from='a@b' id='3'/>end");
    });

    test('deliver: to another connection, while the batch runs and not later', async () => {
      let envelope = -1;
      const shard = await scene.shard((told, engine) => {
        if (told.kind === STREAM_OPENED) engine.stamp(told.slot, told.generation, 'a@b');
        if (told.kind === ELEMENT) {
          envelope = told.envelope;
          engine.deliver(other.told.slot, other.told.generation, told.envelope);
        }
        step(told, engine);
      });
      const port = await shard.listen();
      const other = await connected(shard, port);
      const { client } = await connected(shard, port);
      client.send(`${HEADER}<message to='o'/>`);
      await other.client.receives("<message from='a@b' to='o'/>");
      expect(shard.engine.deliver(other.told.slot, other.told.generation, envelope)).toBe(false);
    });

    test('send: false once over half of the limit, DRAINED when below it again', async () => {
      const shard = await scene.shard();
      const { client, told } = await connected(shard, await shard.listen({ maxOutputBytes: 32_000_000 }));
      client.socket.pause();
      const chunk = 'x'.repeat(1_000_000);
      let sent = 0;
      while (shard.engine.send(told.slot, told.generation, chunk)) {
        sent += 1;
        expect(sent).toBeLessThan(32);
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect(shard.engine.details(told.slot, told.generation)?.queuedBytes).toBeGreaterThan(16_000_000);
      expect(shard.kinds()).not.toContain(DRAINED);
      client.socket.resume();
      await shard.next(DRAINED);
      await client.until(() => client.received.length === (sent + 1) * chunk.length);
      expect(shard.kinds().filter((kind) => kind === DRAINED)).toHaveLength(1);
    });

    test('maxOutputBytes: a peer that does not read is closed with QUEUE_FULL', async () => {
      const shard = await scene.shard();
      const { client, told } = await connected(shard, await shard.listen({ maxOutputBytes: 1_000_000 }));
      client.socket.pause();
      const { slot, generation } = told;
      for (let count = 0; count < 200; count++) {
        shard.engine.send(slot, generation, 'x'.repeat(100_000));
        await new Promise((resolve) => setImmediate(resolve));
      }
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
      expect(shard.engine.send(slot, generation, 'x')).toBe(false);
    });

    test('maxOutputBytes: what the kernel takes at once does not count', async () => {
      const shard = await scene.shard();
      const { client, told } = await connected(shard, await shard.listen({ maxOutputBytes: 50_000 }));
      for (let count = 0; count < 20; count++) {
        shard.engine.send(told.slot, told.generation, 'x'.repeat(10_000));
        await client.until(() => client.received.length === (count + 1) * 10_000);
      }
      expect(shard.kinds()).not.toContain(CLOSED);
    });

    test('maxOutputWrites: a peer that leaves too many writes unread is closed with QUEUE_FULL', async () => {
      const shard = await scene.shard();
      const options = { maxOutputBytes: 1_000_000_000, maxOutputWrites: 20 };
      const { client, told } = await connected(shard, await shard.listen(options));
      client.socket.pause();
      for (let count = 0; count < 200; count++) {
        shard.engine.send(told.slot, told.generation, 'x'.repeat(500_000));
        await new Promise((resolve) => setImmediate(resolve));
        if (shard.kinds().includes(CLOSED)) break;
      }
      expect((await shard.next(CLOSED)).detail).toBe(closeReason.QUEUE_FULL);
    });
  });
}
