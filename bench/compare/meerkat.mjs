/** Starts Meerkat for a comparison. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { distMain, root } from '../lib/places.mjs';
import { makeCertificate } from './certificate.mjs';
import { config } from './configs.mjs';
import { freePort, ownDirectory, startProcess } from './server-process.mjs';

export const meerkat = {
  name: 'meerkat',
  howToGet: 'node scripts/ready.mjs',
  notes: ['native engine; bench/compare/configs/meerkat.toml'],

  find() {
    if (!existsSync(distMain)) return undefined;
    return { version: JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).version };
  },

  async start({ core, tls = false, shards = 1 }) {
    const directory = ownDirectory();
    const port = await freePort();
    const file = join(directory, 'mongooseim.toml');
    writeFileSync(file, config('meerkat.toml', { port, shards, tls: tls ? tlsLine(makeCertificate(directory)) : '' }));
    return startProcess({
      command: [process.execPath, distMain, '--config', file, '--data', directory],
      directory,
      port,
      core,
    });
  },
};

function tlsLine({ certificate, key }) {
  return `  tls = {mode = "tls", certfile = "${certificate}", keyfile = "${key}", verify_mode = "none"}`;
}
