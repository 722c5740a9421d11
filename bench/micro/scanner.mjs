/** Compiles and runs the bench of the scanner, which is in C++ alone. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../lib/places.mjs';

export function runScanner() {
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-bench-'));
  try {
    const program = join(directory, 'scanner_bench');
    const folder = join(root, 'native', 'core', 'xml');
    const sources = readdirSync(folder).filter((name) => name.endsWith('.cc'));
    const flags = ['-std=c++20', '-O2', '-fno-exceptions', '-fno-rtti', `-I${join(root, 'native')}`, '-o', program];
    const files = [join(root, 'bench', 'micro', 'scanner_bench.cc'), ...sources.map((name) => join(folder, name))];
    execFileSync(process.env.CXX ?? 'g++', [...flags, ...files], { stdio: ['ignore', 'inherit', 'inherit'] });
    execFileSync(program, { stdio: ['ignore', 'inherit', 'inherit'] });
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}
