/** Programs of others that some tests talk to, and that may be absent: those tests are then skipped. */
import { spawnSync } from 'node:child_process';

const PEERS = [
  {
    name: 'slixmpp',
    what: 'slixmpp stories',
    command: ['python3', '-c', 'import slixmpp'],
    howToGet: 'apt-get install python3-slixmpp',
  },
];

export function absentPeers() {
  return PEERS.filter(({ command: [program, ...args] }) => spawnSync(program, args, { stdio: 'ignore' }).status !== 0);
}
