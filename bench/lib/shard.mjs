/** A whole shard inside this process, with two clients logged in: what a batch costs can be measured without the kernel. */
import { randomUUID } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chatText } from './chat-text.mjs';
import { becomeAvailable, connect, login } from './client.mjs';
import { compiled } from './places.mjs';
import { configText } from './server.mjs';

/** How often one batch is run before the next one is awaited; what it sends has to fit into the output queue. */
const RUNS_PER_BATCH = 500;

export async function startShard(engine) {
  const { openDataDirectory } = await import(compiled('runtime/data-directory.js'));
  const { openDatabases } = await import(compiled('runtime/databases.js'));
  const { assembleShard } = await import(compiled('runtime/assemble-shard.js'));
  const { loadConfig } = await import(compiled('platform/config/index.js'));
  const { openLog } = await import(compiled('platform/log.js'));
  const { TaskBroker, TaskPool } = await import(compiled('platform/workers.js'));
  const { systemRandom } = await import(compiled('platform/random.js'));
  const { TicketKeyring } = await import(compiled('runtime/ticket-keys.js'));
  const { listenForClients } = await import(compiled('net/listeners/c2s.js'));
  const { createAddressMemory } = await import(compiled('net/limits/address-memory.js'));

  const directory = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  const loaded = loadConfig({ file: 'bench.toml', text: configText({ engine, shards: 1, port: 5222 }) });
  if (loaded.problems) throw new Error(JSON.stringify(loaded.problems));
  const { config } = loaded;
  const log = openLog({ level: 'warning' });
  const { path, secret } = openDataDirectory(directory);
  const onFailure = () => process.exit(1);
  const databases = await openDatabases({ config, directory: path, log, onFailure });
  const tasks = new TaskPool({ onError: onFailure });
  const broker = new TaskBroker(tasks);
  const birth = {
    ...{ shards: 1, engine, group: randomUUID(), version: 'bench', config: config.toPlain(), log: log.share(), secret },
    addresses: createAddressMemory(1),
    tickets: TicketKeyring.create(systemRandom, Date.now()).share(Date.now()),
    ...{ tls: [undefined], tasks: broker.connect(), writers: databases.connect() },
  };
  const parts = await assembleShard(0, birth, log);
  const [entrance] = parts.c2s.entrances;
  const { listener, port } = await listenForClients(parts.engine, entrance, entrance.settings, 0, false);
  parts.inbox.listeners.set(listener, entrance);
  return {
    ...parts,
    port,
    async stop() {
      for (const { modules } of parts.hosts) modules.stop();
      await parts.storage.close();
      parts.engine.stop();
      broker.close();
      await tasks.destroy();
      await databases.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Alice and Bob at the shard; `replay` runs a chat message of hers to him through the dispatcher, again and again. */
export async function openReplay(shard) {
  const [alice, bob] = [await enter(shard), await enter(shard)];
  // What Bob is sent is written to his socket, and nobody looks at it.
  bob.socket.on('data', () => {}).resume();
  const connection = shard.dispatcher.connections.find(({ identity }) => identity?.toString() === alice.jid);
  const real = connection.handler;
  const text = chatText(bob.jid, 1);

  /** Runs at least so many, each batch between `begin` and `end` of the meter; `handle` takes them in place of the stream. */
  async function replay(messages, meter, handle) {
    for (let done = 0; done < messages; done += RUNS_PER_BATCH) await runBatch(meter, handle);
  }

  /** The first run finds its batch in the engine's arena, and repeats it while it is there. */
  function runBatch(meter, handle) {
    return new Promise((resolve, reject) => {
      const crashed = () => reject(new Error('a handler threw'));
      const measured = handle ? { stanza: handle, crashed } : real;
      const first = (stanza) => {
        if (stanza.envelope !== 0) return reject(new Error('the message is not alone in its batch'));
        connection.handler = measured;
        meter.begin();
        for (let run = 0; run < RUNS_PER_BATCH; run++) shard.dispatcher.dispatch(1);
        meter.end(RUNS_PER_BATCH);
        connection.handler = real;
        resolve();
      };
      connection.handler = { stanza: first, crashed };
      alice.socket.write(text, 'latin1');
    });
  }

  const close = () => {
    for (const { socket } of [alice, bob]) socket.destroy();
  };
  return { replay, close, alice: alice.jid, bob: bob.jid };
}

async function enter({ port }) {
  const socket = await connect({ port });
  const jid = await login(socket);
  await becomeAvailable(socket);
  return { socket, jid };
}
