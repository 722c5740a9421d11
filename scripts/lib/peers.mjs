/** Programs of others that some tests talk to, and that may be absent: those tests are then skipped. */
import { spawnSync } from 'node:child_process';

const PEERS = [
  {
    name: 'slixmpp',
    what: 'slixmpp stories',
    // Debian's packages are seen by Debian's Python alone, which may not be the first one in the path.
    commands: [
      ['python3', '-c', 'import slixmpp'],
      ['/usr/bin/python3', '-c', 'import slixmpp'],
    ],
    howToGet: 'apt-get install python3-slixmpp',
  },
  {
    name: 'HAProxy',
    what: 'HAProxy stories',
    // Debian has it where only root looks.
    commands: [
      ['haproxy', '-v'],
      ['/usr/sbin/haproxy', '-v'],
    ],
    howToGet: 'apt-get install haproxy',
  },
];

export function absentPeers() {
  const answers = ([program, ...args]) => spawnSync(program, args, { stdio: 'ignore' }).status === 0;
  return PEERS.filter(({ commands }) => !commands.some(answers));
}
