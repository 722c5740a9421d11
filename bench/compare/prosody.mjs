/** Starts Prosody, as Debian's package installs it, for a comparison. */
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from './certificate.mjs';
import { config } from './configs.mjs';
import { packageVersion } from './packages.mjs';
import { freePort, ownDirectory, startProcess, userOf } from './server-process.mjs';

const PROGRAM = '/usr/bin/prosody';

export const prosody = {
  name: 'prosody',
  howToGet: 'apt-get install prosody',
  notes: ['bench/compare/configs/prosody.cfg.lua; one thread, as ever'],

  find() {
    const version = packageVersion('prosody');
    return version && existsSync(PROGRAM) ? { version } : undefined;
  },

  async start({ core, tls = false }) {
    const user = userOf('prosody');
    const directory = ownDirectory(user);
    const port = await freePort();
    const file = join(directory, 'prosody.cfg.lua');
    const places = { directory, plainPort: tls ? '' : port, tlsPort: tls ? port : '' };
    writeFileSync(
      file,
      config('prosody.cfg.lua', { ...places, ssl: tls ? sslLine(makeCertificate(directory, user)) : '' }),
    );
    return startProcess({ command: [PROGRAM, '-F', '--config', file], user, directory, port, core });
  },
};

function sslLine({ certificate, key }) {
  return `\tssl = { certificate = "${certificate}"; key = "${key}"; protocol = "tlsv1_3+" }`;
}
