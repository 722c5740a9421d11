/** Certificates in numbers. */
import type { CertificateRow } from '../platform/certificates/index.js';
import type { MetricDefinition, Metrics } from '../platform/metrics.js';

const EXPIRY = {
  name: 'tls_certificate_expiry_seconds',
  type: 'gauge',
  doc: 'Seconds until the certificate in use in this place of the configuration expires; negative once it has.',
  labels: ['place'],
} as const satisfies MetricDefinition;

const REFUSED = {
  name: 'tls_certificate_reloads_refused',
  type: 'counter',
  doc: 'Changed files in this place of the configuration that were not taken into use.',
  labels: ['place'],
} as const satisfies MetricDefinition;

export class CertificateMetrics {
  readonly #metrics: Metrics;

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  refused(place: string): void {
    this.#metrics.counter(REFUSED, { place }).add();
  }

  measure(rows: readonly CertificateRow[], now: number): void {
    for (const { place, notAfter, state } of rows) {
      // Shown from the start, so that an increase can be seen.
      this.#metrics.counter(REFUSED, { place });
      if (state !== 'in use' || notAfter === undefined) continue;
      this.#metrics.gauge(EXPIRY, { place }).set(Math.round((notAfter - now) / 1_000));
    }
  }
}
