/** The program behind `meerkatctl` and `mongooseimctl`. */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { commands } from '../registry.js';
import { runCtl } from './program.js';

const manifest = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

process.exitCode = await runCtl(process.argv.slice(2), {
  name: basename(process.argv[1] ?? 'meerkatctl').replace(/\.m?js$/, ''),
  version: manifest.version,
  env: process.env,
  commands,
  print: (text) => process.stdout.write(`${text}\n`),
  printError: (text) => process.stderr.write(`${text}\n`),
});
