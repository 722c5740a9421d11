/** Keeps the certificates of the listeners up to date with their files, while streams go on. */
import type { TlsOptions } from '../engine/port.js';
import { tlsFiles, tlsOptions, tlsPlaces } from '../net/listeners/tls-options.js';
import {
  CertificateLedger,
  type CertificatePass,
  type CertificateRow,
  ExpiryWarnings,
  type Refusal,
  WatchedFiles,
} from '../platform/certificates/index.js';
import type { Cancel, Clock } from '../platform/clock.js';
import type { Config } from '../platform/config/index.js';
import type { Logger } from '../platform/log.js';
import type { Metrics } from '../platform/metrics.js';
import type { Random } from '../platform/random.js';
import { CertificateMetrics } from './certificate-metrics.js';
import { type SwapShards, swapTls } from './tls-swap.js';

export interface CertificatesOptions {
  readonly config: Config;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly metrics: Metrics;
}

/** Files that are half written, or of which only one is there yet, get this long to become whole. */
const RETRY_PAUSES_MS = [500, 1_500];
const EXPIRY_CHECK_MS = 3_600_000;

type Listeners = readonly (TlsOptions | undefined)[];

export class Certificates {
  readonly #options: CertificatesOptions;
  readonly #ledger = new CertificateLedger();
  readonly #expiry = new ExpiryWarnings();
  readonly #metrics: CertificateMetrics;
  readonly #files: WatchedFiles;
  /** Those that were told: they are met again whenever the files are read. */
  readonly #problems = new Set<string>();
  #shards: SwapShards | undefined;
  #tls: Listeners = [];
  /** Of the files as they were last dealt with. */
  #digest = '';
  #looking: Promise<void> = Promise.resolve();
  #isLookPlanned = false;
  #isClosed = false;
  #stopChecks: Cancel = () => {};

  constructor(options: CertificatesOptions) {
    const { config, dataDir, clock, metrics } = options;
    this.#options = options;
    this.#metrics = new CertificateMetrics(metrics);
    const files = tlsPlaces(config.listen).flatMap(({ tls }) => (tls ? tlsFiles(tls, config, dataDir) : []));
    this.#files = new WatchedFiles([...new Set(files)], clock, () => this.#plan());
  }

  /** TLS options of each listener, in the order of `tlsPlaces`: what shards are born with. */
  get tls(): Listeners {
    return this.#tls;
  }

  /** Reads all files. Rejects when one is not usable, as there is nothing yet to stand in for it. */
  async read(): Promise<void> {
    const pass = this.#ledger.begin();
    this.#tls = await this.#readAll(pass);
    this.#ledger.settle(pass, this.#options.clock.now());
    this.#digest = await this.#files.digest();
  }

  /** Begins to look after the files, for these shards. */
  async watch(shards: SwapShards): Promise<void> {
    this.#shards = shards;
    this.#warnOfExpiry();
    this.#stopChecks = this.#options.clock.every(EXPIRY_CHECK_MS, () => this.#warnOfExpiry());
    await this.#files.start();
    // The shards took their time to start.
    this.#plan();
  }

  /** Looks now, without waiting for files that are being written. */
  async reload(): Promise<CertificateRow[]> {
    await this.#queue(() => this.#attempt(true));
    return this.rows();
  }

  rows(): CertificateRow[] {
    return this.#ledger.rows();
  }

  /** Brings the metrics up to the moment. */
  measure(): void {
    this.#metrics.measure(this.rows(), this.#options.clock.now());
  }

  /** Settles when no look is under way any more. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#stopChecks();
    this.#files.close();
    await this.#looking;
  }

  #plan(): void {
    if (this.#isLookPlanned || this.#isClosed) return;
    this.#isLookPlanned = true;
    void this.#queue(() => {
      this.#isLookPlanned = false;
      return this.#look();
    });
  }

  #queue(work: () => Promise<unknown>): Promise<void> {
    this.#looking = this.#looking.then(work).then(
      () => {},
      (error) => this.#options.log.error('certificate.reload_failed', { error }),
    );
    return this.#looking;
  }

  async #look(): Promise<void> {
    if ((await this.#files.digest()) === this.#digest) return;
    for (const pauseMs of RETRY_PAUSES_MS) {
      if (this.#isClosed || (await this.#attempt(false))) return;
      await this.#options.clock.sleep(pauseMs);
    }
    if (!this.#isClosed) await this.#attempt(true);
  }

  /** Reads and uses what is good. With something bad in it, nothing is done, and false returned, unless this attempt is the last. */
  async #attempt(isLast: boolean): Promise<boolean> {
    const { clock } = this.#options;
    const digest = await this.#files.digest();
    const pass = this.#ledger.begin();
    try {
      const next = await this.#readAll(pass);
      if (pass.bad.size > 0 && !isLast) return false;
      await this.#use(next);
      this.#report(this.#ledger.settle(pass, clock.now()));
    } catch (error) {
      if (!isLast) return false;
      this.#report(this.#ledger.refuse(pass, (error as Error).message, clock.now()));
    }
    this.#digest = digest;
    await this.#files.rearm();
    return true;
  }

  async #use(next: Listeners): Promise<void> {
    const before = this.#tls;
    const changes = next.flatMap((options, index) =>
      options && JSON.stringify(options) !== JSON.stringify(before[index]) ? [{ index, options }] : [],
    );
    if (changes.length === 0 || !this.#shards) return;
    await swapTls(this.#shards, changes, () => {
      this.#tls = next;
    });
    const places = tlsPlaces(this.#options.config.listen);
    const listeners = changes.map(({ index }) => places[index]?.place);
    this.#options.log.notice('certificate.reloaded', { listeners });
    this.#warnOfExpiry();
  }

  #readAll(pass: CertificatePass): Promise<Listeners> {
    const { config, dataDir, clock, random, log } = this.#options;
    const warn = (problem: string) => {
      if (!this.#problems.has(problem)) log.warn('certificate.problem', { problem });
      this.#problems.add(problem);
    };
    const surroundings = { dataDir, clock, random, warn, pass };
    return Promise.all(tlsPlaces(config.listen).map(async ({ tls }) => tls && tlsOptions(tls, config, surroundings)));
  }

  #report(refusals: readonly Refusal[]): void {
    for (const { place, file, subject, domains, reason } of refusals) {
      this.#metrics.refused(place);
      const expected = domains.length > 0 ? `a valid certificate for ${domains.join(', ')}` : undefined;
      this.#options.log.error('certificate.refused', {
        place,
        file,
        issuedTo: subject,
        reason,
        expected,
        inUse: 'the one before',
      });
    }
  }

  #warnOfExpiry(): void {
    const now = this.#options.clock.now();
    for (const { place, file, subject, notAfter } of this.#expiry.due(this.rows(), now)) {
      const expires = new Date(notAfter as number).toISOString();
      const daysLeft = daysUntil(notAfter as number, now);
      this.#options.log.warn(daysLeft < 0 ? 'certificate.expired' : 'certificate.expires_soon', {
        place,
        file,
        issuedTo: subject,
        expires,
        daysLeft,
      });
    }
  }
}

/** Whole days; negative once it is over. */
export function daysUntil(end: number, now: number): number {
  return Math.floor((end - now) / 86_400_000);
}
