/** Notices changes of a few files, whatever way they are changed: written, renamed over, or behind a symbolic link. */
import { createHash } from 'node:crypto';
import { type FSWatcher, watch } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Cancel, Clock } from '../clock.js';

/** A renewal is several files, and several steps for each. */
const QUIET_MS = 300;
/** For file systems that tell nothing, and folders that were replaced. */
const POLL_MS = 30_000;
const MAX_FILE_BYTES = 1024 * 1024;

export class WatchedFiles {
  readonly #files: readonly string[];
  readonly #clock: Clock;
  readonly #onStir: () => void;
  #watchers: FSWatcher[] = [];
  #stopPolling: Cancel = () => {};
  #pending: Cancel | undefined;
  #isClosed = false;

  /** `onStir` is called when something may have changed: `digest` tells whether it has. */
  constructor(files: readonly string[], clock: Clock, onStir: () => void) {
    this.#files = files;
    this.#clock = clock;
    this.#onStir = onStir;
  }

  async start(): Promise<void> {
    if (this.#files.length === 0) return;
    this.#stopPolling = this.#clock.every(POLL_MS, this.#onStir);
    await this.rearm();
  }

  /** Watches the folders that the files are in now, both of links and of what they lead to. */
  async rearm(): Promise<void> {
    const folders = new Set(this.#files.map((file) => dirname(file)));
    for (const file of this.#files) folders.add(dirname(await realpath(file).catch(() => file)));
    this.#unwatch();
    if (!this.#isClosed) this.#watchers = [...folders].flatMap((folder) => this.#watch(folder));
  }

  /** Differs when the content of any of the files differs, or it cannot be read for another reason. */
  async digest(): Promise<string> {
    const hash = createHash('sha256');
    for (const file of this.#files) hash.update(await digestOf(file));
    return hash.digest('hex');
  }

  close(): void {
    this.#isClosed = true;
    this.#stopPolling();
    this.#pending?.();
    this.#unwatch();
  }

  #watch(folder: string): FSWatcher[] {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#stir());
      // The folder is gone, or may not be watched any more: polling goes on.
      watcher.on('error', () => watcher.close());
      return [watcher];
    } catch {
      return [];
    }
  }

  #unwatch(): void {
    for (const watcher of this.#watchers.splice(0)) watcher.close();
  }

  #stir(): void {
    this.#pending ??= this.#clock.after(QUIET_MS, () => {
      this.#pending = undefined;
      this.#onStir();
    });
  }
}

async function digestOf(file: string): Promise<Buffer> {
  const hash = createHash('sha256');
  try {
    const facts = await stat(file);
    if (!facts.isFile() || facts.size > MAX_FILE_BYTES) hash.update(`${facts.mode} ${facts.size} ${facts.mtimeMs}`);
    else hash.update('text').update(await readFile(file));
  } catch (error) {
    hash.update(String((error as NodeJS.ErrnoException).code));
  }
  return hash.digest();
}
