/** A server that is behind with its work: new logins wait or are turned away, sessions go on. */
import { afterEach, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { header, RawClient } from '../support/story/raw-client.js';
import type { TestServer } from '../support/story/server.js';

const LAG_MS = 300;
let stutter: Stutter | undefined;

afterEach(() => stutter?.end());

for (const shards of [1, 4]) {
  onBothEngines(
    `[meerkat.overload] on ${shards} shards`,
    (engine) =>
      ownConfig({
        engine,
        shards,
        rest: `
[meerkat.overload]
  lag = ${LAG_MS}
  max_wait = 3000
  max_waiting = 3
`,
      }),
    (server) => {
      it('a login waits until the server has time again, a session need not', async () => {
        const actor = await Actor.join(server().port, fresh());
        stutter = new Stutter(server());
        await eventually(() => server().output().includes('shard.overload.began'));
        const client = await RawClient.connect(server().port);
        client.send(header());
        const answer = await actor.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
        expect(answer.attrs['type']).toBe('result');
        expect(client.text).toBe('');
        stutter.end();
        await client.next((element) => element.is('features'));
        await eventually(() => server().output().includes('shard.overload.ended'));
        client.destroy();
        actor.vanish();
        (await Actor.join(server().port, fresh())).vanish();
      });

      it('one that has waited too long, and one too many, get resource-constraint', async () => {
        stutter = new Stutter(server());
        await eventually(() => areAllBehind(server().output(), shards));
        const clients: RawClient[] = [];
        // Each shard lets three wait.
        for (let i = 0; i < 20; i++) clients.push(await RawClient.connect(server().port));
        for (const client of clients) client.send(header());
        await eventually(() => clients.some(({ isClosed }) => isClosed));
        expect(clients.filter(({ isClosed }) => !isClosed).length).toBeGreaterThanOrEqual(3);
        for (const client of clients) expect(await client.fails()).toBe('resource-constraint');
      });
    },
  );
}

/** Every shard is behind now: as many have begun as had ended, and all of them more. */
function areAllBehind(output: string, shards: number): boolean {
  const count = (event: string) => output.split(`"${event}"`).length - 1;
  return count('shard.overload.began') - count('shard.overload.ended') >= shards;
}

function fresh() {
  return { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}

/** Takes most of its time from a server. */
class Stutter {
  readonly #pid: number;
  #isStopped = false;
  #timer: NodeJS.Timeout | undefined;

  constructor({ process }: TestServer) {
    this.#pid = process.pid as number;
    this.#beat();
  }

  end(): void {
    clearTimeout(this.#timer);
    globalThis.process.kill(this.#pid, 'SIGCONT');
  }

  #beat(): void {
    globalThis.process.kill(this.#pid, this.#isStopped ? 'SIGCONT' : 'SIGSTOP');
    this.#isStopped = !this.#isStopped;
    this.#timer = setTimeout(() => this.#beat(), this.#isStopped ? LAG_MS * 2 : LAG_MS / 5);
  }
}
