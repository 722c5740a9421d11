#!/usr/bin/env node
/** `meerkat`: starts the server, with the options that `npm start --` takes. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('Meerkat is not compiled yet. Run this in its folder first: node scripts/ready.mjs\n');
  process.exitCode = 1;
}
