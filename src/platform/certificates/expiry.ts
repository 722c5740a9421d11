/** Warns before certificates in use expire. */
import type { CertificateRow } from './ledger.js';

const MS_PER_DAY = 86_400_000;
/** The last one is for those that have expired. */
const WARNING_DAYS = [30, 14, 7, 1, 0];

export class ExpiryWarnings {
  /** By place and fingerprint: the days of the warning that was given last. */
  #given = new Map<string, number>();

  /** The certificates that have come closer to their end than at any warning about them so far. */
  due(rows: readonly CertificateRow[], now: number): CertificateRow[] {
    const given = new Map<string, number>();
    const due = rows.filter((row) => {
      if (row.state !== 'in use' || row.notAfter === undefined) return false;
      const left = (row.notAfter - now) / MS_PER_DAY;
      const step = WARNING_DAYS.findLast((days) => left <= days);
      const key = `${row.place} ${row.fingerprint}`;
      const before = this.#given.get(key) ?? Number.POSITIVE_INFINITY;
      if (step !== undefined || before < Number.POSITIVE_INFINITY) given.set(key, Math.min(step ?? before, before));
      return step !== undefined && step < before;
    });
    this.#given = given;
    return due;
  }
}
