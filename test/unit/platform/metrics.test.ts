import { expect, test } from 'vitest';
import { Metrics, mergeSamples } from '../../../src/platform/metrics.js';

const stanzas = { name: 'c2s_stanzas', type: 'counter', doc: 'Stanzas read.', labels: ['kind'] } as const;
const sessions = { name: 'sessions', type: 'gauge', doc: 'Open sessions.' } as const;
const latency = { name: 'latency_seconds', type: 'histogram', doc: 'Time taken.', buckets: [0.1, 1] } as const;

test('the same name and labels are the same series', () => {
  const metrics = new Metrics();
  metrics.counter(stanzas, { kind: 'message' }).add();
  metrics.counter(stanzas, { kind: 'message' }).add(2);
  metrics.counter(stanzas, { kind: 'iq' }).add();
  expect(metrics.collect().map(({ labels, value }) => [labels['kind'], value])).toEqual([
    ['message', 3],
    ['iq', 1],
  ]);
});

test('what threads collected adds up', () => {
  const lists = [1, 2].map((times) => {
    const metrics = new Metrics();
    metrics.gauge(sessions).set(times * 10);
    const histogram = metrics.histogram(latency);
    for (let i = 0; i < times; i++) for (const value of [0.05, 0.1, 0.5, 7]) histogram.observe(value);
    return structuredClone(metrics.collect());
  });
  const [gauge, histogram] = mergeSamples(lists);
  expect(gauge).toMatchObject({ name: 'sessions', value: 30 });
  expect(histogram?.value).toBeCloseTo(3 * 7.65);
  expect(histogram?.buckets).toEqual([
    { upTo: 0.1, count: 6 },
    { upTo: 1, count: 3 },
    { upTo: Number.POSITIVE_INFINITY, count: 3 },
  ]);
});

test('two metrics of one name, bad names and wrong labels are refused', () => {
  const metrics = new Metrics();
  metrics.gauge(sessions);
  expect(() => metrics.gauge({ ...sessions })).toThrow('two metrics are named sessions');
  expect(() => metrics.gauge({ ...sessions, name: 'a-b' })).toThrow('no name for a metric');
  expect(() => metrics.counter({ ...stanzas, name: 'n', labels: ['a b'] })).toThrow('no name for a label');
  expect(() => metrics.counter(stanzas)).toThrow('takes the labels [kind]');
  expect(() => metrics.counter(stanzas, { kind: 'iq', more: '1' })).toThrow('takes the labels [kind]');
  expect(() => metrics.histogram({ ...latency, name: 'h', buckets: [2, 1] })).toThrow('must ascend');
});
