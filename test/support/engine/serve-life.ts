/** The server's side of one life: answers STARTTLS, authentication, compression and bind as an engine's owner does. */
import { eventKind } from '../../../src/engine/envelope.js';
import { proceed } from '../../../src/engine/port.js';
import type { Reaction } from './harness.js';

const { STREAM_OPENED, ELEMENT, STREAM_CLOSED, ARRIVED } = eventKind;

const answers: Record<string, Reaction> = {
  '<starttls/>': ({ slot, generation }, engine) => {
    engine.send(slot, generation, '<proceed/>');
    engine.startTls(slot, generation, 0, 'localhost');
  },
  '<auth/>': ({ slot, generation }, engine) => {
    engine.send(slot, generation, '<success/>');
    engine.authenticated(slot, generation);
    engine.proceed(slot, generation, proceed.RESTART);
  },
  '<compress/>': ({ slot, generation }, engine) => {
    engine.startCompression(slot, generation, '<compressed/>');
  },
  '<bind/>': ({ slot, generation }, engine) => {
    if (!engine.move(slot, generation, 1, Buffer.from('state'))) engine.close(slot, generation);
  },
};

/** What the owner of the connection does in each step of `WholeLife`; TLS context 0 is there, and shard 1 the home. */
export const serveLife: Reaction = (told, engine) => {
  const { kind, slot, generation, text, envelope } = told;
  if (kind === STREAM_OPENED) {
    engine.send(slot, generation, '<opened/>');
    engine.proceed(slot, generation, proceed.STEP);
  } else if (kind === ELEMENT && answers[text]) {
    answers[text](told, engine);
  } else if (kind === ELEMENT) {
    engine.deliver(slot, generation, envelope);
    engine.proceed(slot, generation, proceed.STREAM);
  } else if (kind === ARRIVED) {
    engine.stamp(slot, generation, 'shard@1');
    engine.send(slot, generation, '<bound/>');
    engine.proceed(slot, generation, proceed.STREAM);
  } else if (kind === STREAM_CLOSED) {
    engine.send(slot, generation, '</stream:stream>');
    engine.close(slot, generation);
  }
};
