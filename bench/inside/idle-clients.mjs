/** The process of the clients that say nothing. */
import { once } from 'node:events';
import { becomeAvailable, connect, login, open } from '../lib/client.mjs';

/** Connections that are being made at a time. */
const ABREAST = 64;
/** Few enough to leave most ports of an address to others. */
const PER_ADDRESS = 10_000;

const sockets = [];

const works = {
  /** `count` clients more, of which each goes as far as `state`. `first` is how many others connect from the same addresses. */
  open: async ({ count, state, first = 0, perAddress = PER_ADDRESS, ...target }) => {
    const there = sockets.length;
    let begun = 0;
    const worker = async () => {
      while (begun < count) {
        const number = first + there + begun++;
        sockets.push(await enter({ ...target, localAddress: loopback(Math.floor(number / perAddress)) }, state));
      }
    };
    await Promise.all(Array.from({ length: ABREAST }, worker));
  },
  /** The last `count` of them go. */
  close: async ({ count }) => {
    const leaving = sockets.splice(-count);
    const closed = leaving.map((socket) => once(socket, 'close'));
    for (const socket of leaving) socket.off('close', complain).destroy();
    await Promise.all(closed);
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

/** 127.0.0.2 and those behind it. A port is taken at an address whatever server it leads to. */
function loopback(place) {
  const number = place + 2;
  return `127.0.${number >> 8}.${number & 255}`;
}

async function enter(target, state) {
  const socket = await connect(target);
  if (state === 'unauthenticated') await open(socket);
  else await login(socket);
  if (state === 'available') await becomeAvailable(socket);
  if (socket.isBosh) socket.rest();
  return socket.on('error', () => {}).on('close', complain);
}

function complain() {
  process.send({ failure: 'the server closed an idle connection' });
}
