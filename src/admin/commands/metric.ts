/** Commands that show what is measured. */
import type { MetricSample } from '../../platform/metrics.js';
import type { Plain } from '../command.js';
import { defineCommand } from '../command.js';

const getMetricsAsDicts = defineCommand({
  category: 'metric',
  name: 'getMetricsAsDicts',
  kind: 'query',
  doc: 'Show metrics by name; one name, by its beginning, and no choice of keys',
  args: { name: { type: 'String', required: false, doc: 'Only metrics whose names begin so.' } },
  result: { type: '[MetricDictResult]', doc: 'For each metric its name, its labels, and its values by key.' },
  async run({ server }, { name = '' }) {
    return server
      .metrics()
      .filter((sample) => sample.name.startsWith(name))
      .map(show);
  },
});

export const metricCommands = [getMetricsAsDicts];

function show({ name, type, labels, value, buckets }: MetricSample): Plain {
  const entries = (buckets ?? []).map(({ upTo, count }) => ({ key: `upTo${upTo}`, value: count }));
  return {
    name: [name, ...Object.values(labels)],
    dict: [{ key: type === 'counter' ? 'count' : 'value', value }, ...entries],
  };
}
