/** The process of the chatting clients: logs them in, lets them chat as it is told, and counts. */
import { availableParallelism } from 'node:os';
import { becomeAvailable, connect, login, manage, wantCopies } from '../lib/client.mjs';
import { quantile } from '../measure/statistics.mjs';
import { Chatter, Onlooker } from './chat-pair.mjs';

/** Logins at a time. */
const ABREAST = Math.max(16, 8 * availableParallelism());
const DRAIN_MS = 15_000;
const TICK_MS = 2;

let chatters = [];
let onlookers = [];
let isChatting = false;

const works = {
  login: async ({ pairs, ...target }) => {
    chatters = await inGroups(2 * pairs, (index) =>
      target.isFloor ? enterFloor(target, index) : enter(target, index),
    );
    onlookers = await inGroups(2 * pairs * (target.devices - 1), (index) => lookOn(target, index % (2 * pairs)));
    for (const [index, one] of chatters.entries()) one.meet(chatters[index ^ 1]);
  },
  /** Closed loop: whoever has got `pipeline` messages answers with as many. Open loop: `rate` messages a second, come what may. */
  chat: ({ pipeline, rate }) => {
    isChatting = true;
    if (rate) return chatAtRate(rate);
    for (const one of chatters) answerEach(one, pipeline);
    for (let index = 0; index < chatters.length; index += 2) chatters[index].send(pipeline);
  },
  count: () => {
    for (const one of chatters) one.latencies.length = 0;
    return counts();
  },
  result: () => {
    const latencies = chatters.flatMap((one) => one.latencies);
    return { ...counts(), latency: [0.5, 0.99, 0.999].map((share) => quantile(latencies, share)) };
  },
  finish: async () => {
    isChatting = false;
    await drained();
    for (const one of [...chatters, ...onlookers]) one.end();
    return counts();
  },
};

process.on('message', async ({ work, args }) => {
  try {
    process.send({ result: await works[work](args) });
  } catch (error) {
    process.send({ failure: error.stack });
  }
});
process.on('disconnect', () => process.exit());

async function enter(target, index) {
  const socket = await connect(target);
  const jid = await login(socket, nameOf(target, index));
  await becomeAvailable(socket);
  if (!target.managed) return new Chatter(socket, jid);
  await manage(socket);
  return new Chatter(socket, jid, { isManaged: true });
}

async function lookOn(target, index) {
  const socket = await connect(target);
  await login(socket, nameOf(target, index));
  await wantCopies(socket);
  await becomeAvailable(socket);
  if (target.managed) await manage(socket);
  return new Onlooker(socket, { isManaged: target.managed });
}

function nameOf({ named }, index) {
  return named ? `chatter-${index}` : undefined;
}

/** The floor stamps nothing: the sender writes its own name. */
async function enterFloor(target, index) {
  const socket = await connect(target);
  await new Promise((resolve) => socket.write(`${index >> 1}\n`, resolve));
  return new Chatter(socket, `${index}@floor`, { stamp: ` from='${index}@floor'` });
}

async function inGroups(count, make) {
  const made = [];
  while (made.length < count) {
    const group = Array.from({ length: Math.min(ABREAST, count - made.length) }, (_, index) => made.length + index);
    made.push(...(await Promise.all(group.map(make))));
  }
  return made;
}

function answerEach(one, pipeline) {
  let owed = 0;
  one.onMessages = (count) => {
    owed += count;
    if (owed < pipeline || !isChatting) return;
    owed -= pipeline;
    one.send(pipeline);
  };
}

/** Counted from when a message was due, a delay of ours or of the server's shows in its latency. */
function chatAtRate(rate) {
  const startedAt = performance.now();
  let next = 0;
  const timer = setInterval(() => {
    if (!isChatting) return clearInterval(timer);
    const now = performance.now();
    for (; startedAt + (next * 1_000) / rate <= now; next++) {
      chatters[next % chatters.length].send(1, startedAt + (next * 1_000) / rate);
    }
  }, TICK_MS);
}

function counts() {
  let [sent, received, reads, copies] = [0, 0, 0, 0];
  for (const one of onlookers) {
    if (one.fault) throw new Error(`an onlooker: ${one.fault}`);
    copies += one.copies;
  }
  for (const one of chatters) {
    if (one.fault) throw new Error(`${one.jid}: ${one.fault}`);
    sent += one.sent;
    received += one.received;
    reads += one.reads;
  }
  return { sent, received, reads, copies };
}

/** Every message that was sent has to come, and its copies to all other devices of both sides. */
async function drained() {
  const deadline = Date.now() + DRAIN_MS;
  const copiesOfEach = onlookers.length / (chatters.length / 2);
  for (let seen = counts(); seen.received < seen.sent || seen.copies < seen.sent * copiesOfEach; seen = counts()) {
    if (Date.now() > deadline)
      throw new Error(`of ${seen.sent} messages ${seen.received} came, and ${seen.copies} copies`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
