/** Compressed streams (XEP-0138): memory of those that are silent, and what a bomb costs. Clients and engine share the process. */
import { connect } from 'node:net';
import { constants, createDeflate } from 'node:zlib';
import { choice, count } from '../lib/arguments.mjs';
import { compiled } from '../lib/places.mjs';
import { table } from '../measure/statistics.mjs';

const HEADER =
  "<stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' to='localhost' version='1.0'>";
const LIMITS = {
  maxStanzaBytes: 65_536,
  maxDepth: 64,
  maxAttributes: 32,
  maxTagBytes: 8192,
  maxChildren: 1000,
  maxBytesBeforeAuthentication: 0,
};
const MEBIBYTE = 1 << 20;
const rest = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export const compressionOptions = {
  engine: choice('native', ['native', 'portable'], 'engine'),
  streams: count(200, 'compressed streams'),
  mebibytes: count(1024, 'size of a bomb before compression'),
};

export async function compression({ engine: kind, streams, mebibytes }) {
  const server = await startServer(kind);
  try {
    process.stdout.write(table(await silence(server, streams)));
    const bombs = [];
    for (const [name, character] of [
      ['zeros', '\0'],
      ['white space', ' '],
    ]) {
      bombs.push({ bomb: name, ...(await bomb(server, character, mebibytes)) });
    }
    process.stdout.write(table(bombs));
  } finally {
    server.engine.stop();
  }
}

/** An engine that compresses what asks for it, and answers each stanza with itself. */
async function startServer(kind) {
  const [{ createEngine }, { eventKind, WORDS_PER_ENVELOPE, word }, { proceed }] = await Promise.all(
    ['engine/create-engine.js', 'engine/envelope.js', 'engine/port.js'].map((file) => import(compiled(file))),
  );
  const server = { engine: undefined, port: 0, elements: 0, failures: 0 };
  const compressed = new Set();
  const react = (envelope) => {
    const { engine } = server;
    const words = engine.words.subarray(envelope * WORDS_PER_ENVELOPE, (envelope + 1) * WORDS_PER_ENVELOPE);
    const [slot, generation] = [words[word.SLOT], words[word.GENERATION]];
    const name = `${slot} ${generation}`;
    switch (words[word.KIND] & 0xff) {
      case eventKind.STREAM_OPENED:
        engine.stamp(slot, generation, 'alice@localhost/bench');
        return engine.proceed(slot, generation, compressed.has(name) ? proceed.STREAM : proceed.STEP);
      case eventKind.ELEMENT:
        server.elements++;
        if (compressed.has(name)) return engine.deliver(slot, generation, envelope);
        compressed.add(name);
        return engine.startCompression(slot, generation, '<compressed/>');
      case eventKind.STREAM_FAILED:
        server.failures++;
        return engine.close(slot, generation);
    }
  };
  const onBatch = (count) => {
    for (let envelope = 0; envelope < count; envelope++) react(envelope);
  };
  const engine = await createEngine(kind, { shard: 0, shards: 1, group: 'bench', children: [], onBatch });
  server.engine = engine;
  server.port = (await engine.listen(listenOptions)).port;
  return server;
}

const listenOptions = {
  address: '127.0.0.1',
  port: 0,
  ipv6Only: false,
  backlog: 511,
  reusePort: false,
  directTls: undefined,
  limits: LIMITS,
  maxOutputBytes: 1_000_000,
  maxOutputWrites: 0,
  maxDecompressedBytes: 65_536,
  authenticationDeadlineMs: 0,
  maxConnections: 0,
};

async function join({ port }) {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  await new Promise((resolve) => socket.once('connect', resolve));
  const confirmed = new Promise((resolve) => socket.once('data', resolve));
  socket.write(`${HEADER}<compress/>`);
  await confirmed;
  socket.on('data', () => {});
  return socket;
}

async function silence(server, streams) {
  const sockets = [];
  while (sockets.length < streams) sockets.push(await join(server));
  const clear = server.engine.counters().memoryBytes;
  const peers = sockets.map((socket) => {
    const deflate = createDeflate({ flush: constants.Z_SYNC_FLUSH });
    deflate.on('data', (bytes) => socket.write(bytes));
    deflate.write(HEADER);
    return deflate;
  });
  const rows = [];
  let sent = streams;
  for (const [stanzas, name] of [
    [0, 'stream header'],
    [10, '10 stanzas'],
    [300, '310 stanzas'],
  ]) {
    for (let round = 0; round < stanzas; round++) {
      for (const peer of peers) peer.write(stanza());
      sent += streams;
      while (server.elements < sent) await rest(2);
    }
    await rest(300);
    const bytes = (server.engine.counters().memoryBytes - clear) / streams;
    rows.push({ 'silent after': name, 'bytes/stream': Math.round(bytes) });
  }
  for (const socket of sockets) socket.destroy();
  return rows;
}

function stanza() {
  const text = `line ${Math.random()} ${Math.random()} of a conversation`;
  return `<message to='bob@localhost' type='chat' id='${Math.random()}'><body>${text}</body></message>`;
}

async function bomb(server, character, mebibytes) {
  const bytes = await packed(character, mebibytes);
  const socket = await join(server);
  await rest(200);
  const { engine, failures } = server;
  const { memoryBytes, decompressionsRefused } = engine.counters();
  const before = process.cpuUsage();
  let peak = 0;
  socket.write(bytes);
  while (server.failures === failures) {
    await new Promise(setImmediate);
    peak = Math.max(peak, engine.counters().memoryBytes - memoryBytes);
  }
  const { user, system } = process.cpuUsage(before);
  socket.destroy();
  return {
    'compressed bytes': bytes.length,
    'CPU ms': ((user + system) / 1000).toFixed(1),
    'memory at most': peak,
    refused: engine.counters().decompressionsRefused > decompressionsRefused,
  };
}

async function packed(character, mebibytes) {
  const pieces = [];
  const deflate = createDeflate({ level: 9 });
  deflate.on('data', (bytes) => pieces.push(bytes));
  deflate.write(HEADER);
  const block = Buffer.alloc(MEBIBYTE, character);
  for (let i = 0; i < mebibytes; i++) {
    if (!deflate.write(block)) await new Promise((resolve) => deflate.once('drain', resolve));
  }
  await new Promise((resolve) => {
    deflate.once('end', resolve);
    deflate.end();
  });
  return Buffer.concat(pieces);
}
