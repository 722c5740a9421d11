/** Commands that show what is measured. */
import type { MetricSample } from '../../platform/metrics.js';
import { defineCommand } from '../command.js';

const getMetricsAsDicts = defineCommand({
  category: 'metric',
  name: 'getMetricsAsDicts',
  kind: 'query',
  doc: 'Show metrics by name, with the values that their keys have',
  args: {
    name: {
      type: '[String]',
      required: false,
      doc: 'Only metrics whose names begin so, part by part: the name, then the values of its labels.',
    },
    keys: { type: '[String]', required: false, doc: 'Only these keys; a metric without any of them is left out.' },
  },
  result: { type: '[MetricDictResult]', doc: 'For each metric its name, its labels, and its values by key.' },
  async run({ server }, { name = [], keys = [] }) {
    const wanted = new Set(keys);
    return server
      .metrics()
      .map((sample) => ({ name: [sample.name, ...Object.values(sample.labels)], dict: valuesOf(sample) }))
      .filter((metric) => name.every((part, index) => metric.name[index]?.startsWith(part)))
      .map((metric) => ({ ...metric, dict: metric.dict.filter(({ key }) => wanted.size === 0 || wanted.has(key)) }))
      .filter(({ dict }) => dict.length > 0);
  },
});

export const metricCommands = [getMetricsAsDicts];

function valuesOf({ type, value, buckets }: MetricSample): { key: string; value: number }[] {
  const entries = (buckets ?? []).map(({ upTo, count }) => ({ key: `upTo${upTo}`, value: count }));
  return [{ key: type === 'counter' ? 'count' : 'value', value }, ...entries];
}
