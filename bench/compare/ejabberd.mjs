/** Starts ejabberd, as Debian's package installs it, for a comparison. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from './certificate.mjs';
import { config } from './configs.mjs';
import { packageVersion } from './packages.mjs';
import { freePort, ownDirectory, startProcess, subdirectory, userOf } from './server-process.mjs';

const CONTROL = '/usr/sbin/ejabberdctl';

/**
 * What ejabberdctl gives the Erlang virtual machine, and what differs from it:
 *
 * - `+K true`, `+P 250000`: as it does (the file's own defaults).
 * - No name and no distribution: one node has nobody to talk to, and no daemon that would be left behind.
 * - `+sbwt none` and the same for the other schedulers: they sleep at once instead of spinning first, as spinning would be counted as
 *   CPU of messages (erl(1), "+sbwt"). It is in ejabberd's favour wherever CPU is compared.
 * - The number of schedulers is the virtual machine's choice: as many online as there are cores that it may use (erl(1), "+S").
 */
const MACHINE_FLAGS = '+K true +P 250000 +sbwt none +sbwtdcpu none +sbwtdio none -noinput'.split(' ');

export const ejabberd = {
  name: 'ejabberd',
  howToGet: 'apt-get install ejabberd',
  notes: [`bench/compare/configs/ejabberd.yml; erl ${MACHINE_FLAGS.join(' ')}`],

  find() {
    const version = packageVersion('ejabberd');
    return version && existsSync(CONTROL) ? { version } : undefined;
  },

  async start({ core, tls = false }) {
    const user = userOf('ejabberd');
    const directory = ownDirectory(user);
    const port = await freePort();
    const file = join(directory, 'ejabberd.yml');
    const certificates = tls ? JSON.stringify([makeCertificate(directory, user).both]) : '[]';
    writeFileSync(file, config('ejabberd.yml', { port, tls, certificates }));
    const spool = subdirectory(directory, 'spool', user);
    return startProcess({
      command: ['erl', ...MACHINE_FLAGS, '-mnesia', 'dir', `"${spool}"`, '-s', 'ejabberd'],
      env: {
        EJABBERD_CONFIG_PATH: file,
        EJABBERD_LOG_PATH: join(directory, 'ejabberd.log'),
        ERL_LIBS: librariesOf(readFileSync(CONTROL, 'utf8')),
        // "ejabberd consumes two or three ports for every connection" (ejabberdctl.cfg), and this is its documented default.
        ERL_MAX_PORTS: '65536',
        ERL_CRASH_DUMP_BYTES: '0',
      },
      user,
      directory,
      port,
      core,
    });
  },
};

/** Where the package has put its libraries depends on the architecture; its own script knows. */
export function librariesOf(script) {
  return /^ERL_LIBS='([^']+)'/m.exec(script)?.[1] ?? '/usr/lib';
}
