#!/usr/bin/env node
/** `meerkatctl`, and under its other name `mongooseimctl`: administers a running server. */
import { existsSync } from 'node:fs';

const main = new URL('../dist/admin/ctl/main.js', import.meta.url);

if (existsSync(main)) {
  await import(main.href);
} else {
  process.stderr.write('Meerkat is not compiled yet. Run this in its folder first: node scripts/ready.mjs\n');
  process.exitCode = 1;
}
