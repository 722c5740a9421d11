/** Whatever was acknowledged to a client is there after the server was killed at a moment of chance. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Keeper, Registrar } from '../support/story/acknowledged.js';
import { Actor, register } from '../support/story/actor.js';
import { ENGINES, startServer } from '../support/story/server.js';

const ROUNDS = 3;
const KEEPERS = 4;
/** The server is killed after a number of acknowledgements up to this. */
const MOST = 400;

for (const engine of ENGINES) {
  describe(`kill -9 under load [${engine}]`, () => {
    let dataDir: string;
    beforeAll(() => {
      dataDir = mkdtempSync(join(tmpdir(), 'meerkat-crash-'));
    });
    afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

    // Later rounds start on what the earlier ones left, as a server that crashes again does.
    for (let round = 1; round <= ROUNDS; round++) {
      const moment = 20 + Math.floor(Math.random() * MOST);
      it(`round ${round}, after ${moment} acknowledgements: none of them was in vain`, async () => {
        const server = await startServer({ engine, shards: 2, dataDir });
        const names = Array.from({ length: KEEPERS }, (_, number) => `keeper-${round}-${number}`);
        const actors = await Promise.all(names.map((username) => Actor.join(server.port, who(username))));
        const registrar = new Registrar(server.port, `new-${round}`);
        const keepers: Keeper[] = [];
        let left = moment;
        const killed = new Promise<void>((resolve) => {
          const acknowledged = () => {
            if (--left !== 0) return;
            server.process.once('exit', () => resolve());
            server.process.kill('SIGKILL');
          };
          void registrar.work(acknowledged);
          for (const actor of actors) keepers.push(new Keeper(actor, acknowledged));
        });
        await killed;

        const reborn = await startServer({ engine, shards: 2, dataDir });
        try {
          for (const keeper of keepers) await keeper.expectKept(reborn.port);
          await registrar.expectKept(reborn.port);
          // It is not only there to be read.
          expect((await register(reborn.port, who(`after-${round}`))).attrs['type']).toBe('result');
        } finally {
          for (const actor of actors) actor.vanish();
          expect(await reborn.stop()).toBe(0);
        }
      });
    }
  });
}

function who(username: string): { username: string; domain: string; password: string } {
  return { username, domain: 'localhost', password: 'a secret' };
}
