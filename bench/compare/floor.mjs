/** The bare forwarder as a member of the comparison: the same bytes without XMPP, which is what the kernel alone costs. */
import { startFloor } from '../floor/floor.mjs';

export const floor = {
  name: 'floor',
  howToGet: 'apt-get install g++',
  notes: ['bench/floor: forwards bytes between pairs of connections, and knows nothing of XMPP'],

  find() {
    return { version: undefined };
  },

  start({ core }) {
    return startFloor('floor', { core });
  },
};
