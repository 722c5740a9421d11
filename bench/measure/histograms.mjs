/** Latencies in microseconds, in histograms that keep three digits of each (HdrHistogram). */
import hdr from 'hdr-histogram-js';

/** Ten minutes; what took longer counts as that. */
const LONGEST_US = 600_000_000;

export function newHistogram() {
  return hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: LONGEST_US,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  });
}

/** A latency below a microsecond counts as one. */
export function recordMs(histogram, milliseconds) {
  histogram.recordValue(Math.min(LONGEST_US, Math.max(1, Math.round(milliseconds * 1_000))));
}

/** What another thread needs to `add` it: value and count in turns. */
export function packed(histogram) {
  const pairs = [];
  for (let index = 0; index < histogram.countsArrayLength; index++) {
    const count = histogram.getCountAtIndex(index);
    if (count > 0) pairs.push(histogram.valueFromIndex(index), count);
  }
  return Float64Array.from(pairs);
}

export function addPacked(histogram, pairs) {
  for (let at = 0; at < pairs.length; at += 2) histogram.recordValueWithCount(pairs[at], pairs[at + 1]);
}

/** In microseconds. */
export function latencyOf(histogram) {
  const at = (percentile) => histogram.getValueAtPercentile(percentile);
  return {
    min: histogram.minNonZeroValue > LONGEST_US ? 0 : histogram.minNonZeroValue,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    max: histogram.maxValue,
    mean: histogram.mean,
    histogram: hdr.encodeIntoCompressedBase64(histogram),
  };
}

/** From what `latencyOf` has made of one. */
export function decodedHistogram(text) {
  return hdr.decodeFromCompressedBase64(text, 32);
}
