/** Steps between two shards: a stanza that crosses, and a connection that is handed over. Both engines run on this thread. */
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import { MessageChannel } from 'node:worker_threads';
import { chatText } from '../../lib/chat-text.mjs';
import { compiled } from '../../lib/places.mjs';

const LISTEN = {
  ...{ address: '127.0.0.1', port: 0, ipv6Only: false, backlog: 64, reusePort: false, directTls: undefined },
  ...{ maxOutputBytes: 1e6, maxOutputWrites: 0, maxDecompressedBytes: 1e6, authenticationDeadlineMs: 0 },
  ...{ maxConnections: 0, proxy: undefined },
  limits: {
    ...{ maxStanzaBytes: 65_536, maxDepth: 64, maxAttributes: 64, maxTagBytes: 8_192, maxChildren: 1_000 },
    maxBytesBeforeAuthentication: 0,
  },
};
/** Stanzas that one turn of the loop sends. */
const TOGETHER = 20;
/** The state of a session that goes along with its connection. */
const STATE = Buffer.alloc(200, 1);

export const names = ['between shards, a stanza of 20', 'between shards, a stanza alone', 'hand-over of a connection'];

export async function open(engineName) {
  const { createEngine } = await import(compiled('engine/create-engine.js'));
  const { eventKind, word, WORDS_PER_ENVELOPE } = await import(compiled('engine/envelope.js'));
  const group = randomUUID();
  const heard = { take: () => {} };
  const make = async (shard) => {
    const onBatch = (count) => {
      for (let at = 0; at < count * WORDS_PER_ENVELOPE; at += WORDS_PER_ENVELOPE) {
        const { words } = engine;
        heard.take(shard, words[at + word.KIND] & 0xff, words[at + word.SLOT], words[at + word.GENERATION]);
      }
    };
    const engine = await createEngine(engineName, { shard, shards: 2, group, children: [], onBatch });
    return engine;
  };
  const engines = [await make(0), await make(1)];
  if (engineName === 'portable') link(engines);
  const client = await enter(engines, heard, eventKind);
  return {
    steps: [
      stanzaStep(names[0], TOGETHER, engines, heard, eventKind),
      stanzaStep(names[1], 1, engines, heard, eventKind),
      moveStep(names[2], client, engines, heard, eventKind),
    ],
    close() {
      client.socket.destroy();
      for (const engine of engines) engine.stop();
    },
  };
}

function link([one, other]) {
  const { port1, port2 } = new MessageChannel();
  one.link(1, port1);
  other.link(0, port2);
}

/** A connection at the first shard. */
async function enter(engines, heard, eventKind) {
  const { port } = await engines[0].listen(LISTEN);
  const arrived = new Promise((resolve) => {
    heard.take = (_, kind, slot, generation) => {
      if (kind === eventKind.CONNECTED) resolve({ slot, generation });
    };
  });
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return { socket, shard: 0, ...(await arrived) };
}

function stanzaStep(name, together, engines, heard, eventKind) {
  const xml = chatText(
    'juliet@capulet.example/balcony',
    1,
    " xmlns='jabber:client' from='romeo@montague.example/orchard'",
  );
  const send = (done) => {
    let left = together;
    heard.take = (shard, kind) => {
      if (shard === 1 && kind === eventKind.ROUTED && --left === 0) done();
    };
    for (let i = 0; i < together; i++) {
      if (!engines[0].route(1, xml)) throw new Error('the other shard takes nothing');
    }
  };
  return inWindows(name, together === 1 ? 500 : 2_000, together, send);
}

/** To the other shard and back. */
function moveStep(name, client, engines, heard, eventKind) {
  const move = (done) => {
    heard.take = (shard, kind, slot, generation) => {
      if (kind !== eventKind.ARRIVED) return;
      Object.assign(client, { shard, slot, generation });
      if (shard === 0) done();
      else setImmediate(go);
    };
    const go = () => {
      const to = 1 - client.shard;
      if (!engines[client.shard].move(client.slot, client.generation, to, STATE)) throw new Error('it cannot move');
    };
    go();
  };
  return inWindows(name, 500, 2, move);
}

function inWindows(name, counted, together, operation) {
  return {
    name,
    counted,
    async run(operations, meter) {
      const each = Math.ceil(operations / together / 5);
      for (let window = 0; window < 5; window++) {
        meter.begin();
        for (let i = 0; i < each; i++) await new Promise(operation);
        meter.end(each * together);
      }
    },
  };
}
