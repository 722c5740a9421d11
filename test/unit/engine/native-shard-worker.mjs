/**
 * A shard in a worker thread: `<bind/>` moves a connection to shard 1, which sends every element back to its sender, stamped.
 * `<starttls/>`, `<auth/>` and `<compress/>` do what they say. Messages: `{ listen }` answers `{ port }`; `{ flood }` sends calls to shard 1 until it takes no more;
 * `{ hold }` answers, and blocks the thread until the shared number is not 0; `{ calls }` and `{ counters }` answer what came and what is held.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { event, how, LISTEN, startShard } from './native-shard.mjs';

const { addon, tls, ...options } = workerData;
const calls = [];
let made;
const engine = startShard(addon, options, ({ kind, slot, generation, text, envelope }, engine) => {
  if (kind === event.STREAM_OPENED) {
    engine.send(slot, generation, '<opened/>');
    engine.proceed(slot, generation, how.STEP);
  } else if (kind === event.ELEMENT && text === '<bind/>') {
    // When shard 1 does not run, the client tries elsewhere.
    if (!engine.move(slot, generation, 1, Buffer.from('state'))) engine.close(slot, generation);
  } else if (kind === event.ELEMENT && text === '<starttls/>') {
    engine.send(slot, generation, '<proceed/>');
    engine.startTls(slot, generation, context(), 'localhost');
  } else if (kind === event.ELEMENT && text === '<auth/>') {
    engine.send(slot, generation, '<success/>');
    engine.proceed(slot, generation, how.RESTART);
  } else if (kind === event.ELEMENT && text === '<compress/>') {
    engine.startCompression(slot, generation, '<compressed/>');
  } else if (kind === event.ELEMENT) {
    engine.deliver(slot, generation, envelope);
    engine.proceed(slot, generation, how.STREAM);
  } else if (kind === event.ARRIVED) {
    engine.stamp(slot, generation, 'shard@1');
    engine.send(slot, generation, `<bound state='${text}'/>`);
    engine.proceed(slot, generation, how.STREAM);
  } else if (kind === event.STREAM_CLOSED) {
    engine.send(slot, generation, '</stream:stream>');
    engine.close(slot, generation);
  } else if (kind === event.CALLED) {
    calls.push(Number(text.slice(0, 10)));
  }
});

function context() {
  made ??= engine.createTlsContext(tls);
  return made;
}

parentPort.on('message', (message) => {
  if (message.listen) {
    // A listener behind a load balancer has clients that begin TLS themselves.
    const directTls = message.listen.proxy || !tls ? undefined : context();
    parentPort.postMessage({ port: engine.listen({ ...LISTEN, directTls, ...message.listen }).port });
  } else if (message.flood) {
    let sent = 0;
    while (sent < message.flood.most && engine.call(1, Buffer.from(String(sent).padEnd(message.flood.bytes)))) sent++;
    parentPort.postMessage({ sent });
  } else if (message.hold) {
    parentPort.postMessage({ held: true });
    Atomics.wait(message.hold, 0, 0);
  } else if (message.counters) {
    parentPort.postMessage({ counters: engine.counters() });
  } else if (message.calls) {
    parentPort.postMessage({ calls });
  }
});
parentPort.postMessage({ running: true });
