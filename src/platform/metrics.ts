/** Counts and measures what the server does; one registry per thread, summed when somebody asks. */

export type MetricType = 'counter' | 'gauge' | 'histogram';
export type Labels = Readonly<Record<string, string>>;

/** Static facts of a metric: written once, beside the code that feeds it. */
export interface MetricDefinition {
  readonly name: string;
  readonly type: MetricType;
  readonly doc: string;
  /** Every series has a value for each of these and for no other. */
  readonly labels?: readonly string[];
  /** Upper bounds of a histogram's buckets, ascending; a last one without bound is added. */
  readonly buckets?: readonly number[];
}

/** One series at one moment. Plain data, so that it can be posted to another thread. */
export interface MetricSample {
  readonly name: string;
  readonly type: MetricType;
  readonly doc: string;
  readonly labels: Labels;
  /** Of a histogram: the sum of everything observed. */
  readonly value: number;
  readonly buckets?: readonly { readonly upTo: number; readonly count: number }[];
}

export class Counter {
  value = 0;

  add(amount = 1): void {
    this.value += amount;
  }
}

export class Gauge {
  value = 0;

  set(value: number): void {
    this.value = value;
  }

  add(amount = 1): void {
    this.value += amount;
  }
}

export class Histogram {
  readonly bounds: readonly number[];
  /** One more than there are bounds; not cumulative. */
  readonly counts: Float64Array;
  value = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    let bucket = 0;
    while (bucket < this.bounds.length && value > this.bounds[bucket]!) bucket++;
    this.counts[bucket]!++;
    this.value += value;
  }
}

type Series = Counter | Gauge | Histogram;

interface Family {
  readonly definition: MetricDefinition;
  readonly series: Map<string, { readonly labels: Labels; readonly series: Series }>;
}

/** Looking a series up costs a map access: keep what `counter` and its like return, and feed that. */
export class Metrics {
  readonly #families = new Map<string, Family>();

  counter(definition: MetricDefinition & { readonly type: 'counter' }, labels: Labels = {}): Counter {
    return this.#series(definition, labels, () => new Counter());
  }

  gauge(definition: MetricDefinition & { readonly type: 'gauge' }, labels: Labels = {}): Gauge {
    return this.#series(definition, labels, () => new Gauge());
  }

  histogram(definition: MetricDefinition & { readonly type: 'histogram' }, labels: Labels = {}): Histogram {
    return this.#series(definition, labels, () => new Histogram(definition.buckets!));
  }

  collect(): MetricSample[] {
    const samples: MetricSample[] = [];
    for (const { definition, series } of this.#families.values()) {
      for (const one of series.values()) samples.push(sampleOf(definition, one.labels, one.series));
    }
    return samples;
  }

  #series<S extends Series>(definition: MetricDefinition, labels: Labels, make: () => S): S {
    const family = this.#family(definition);
    const names = definition.labels ?? [];
    if (Object.keys(labels).length !== names.length || names.some((name) => labels[name] === undefined)) {
      throw new Error(`metric ${definition.name} takes the labels [${names.join(', ')}]`);
    }
    const key = JSON.stringify(names.map((name) => labels[name]));
    const known = family.series.get(key);
    if (known) return known.series as S;
    const series = make();
    family.series.set(key, { labels, series });
    return series;
  }

  #family(definition: MetricDefinition): Family {
    const known = this.#families.get(definition.name);
    if (known?.definition === definition) return known;
    if (known) throw new Error(`two metrics are named ${definition.name}`);
    checkDefinition(definition);
    const family: Family = { definition, series: new Map() };
    this.#families.set(definition.name, family);
    return family;
  }
}

/** Adds up what several threads collected: gauges too, since each thread measures its own share. */
export function mergeSamples(lists: readonly (readonly MetricSample[])[]): MetricSample[] {
  const merged = new Map<string, MetricSample>();
  for (const sample of lists.flat()) {
    const key = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
    const before = merged.get(key);
    merged.set(key, before ? sum(before, sample) : sample);
  }
  return [...merged.values()];
}

function sum(a: MetricSample, b: MetricSample): MetricSample {
  const value = a.value + b.value;
  if (!a.buckets || !b.buckets) return { ...a, value };
  const others = b.buckets;
  const buckets = a.buckets.map(({ upTo, count }, index) => ({ upTo, count: count + (others[index]?.count ?? 0) }));
  return { ...a, value, buckets };
}

function sampleOf({ name, type, doc }: MetricDefinition, labels: Labels, series: Series): MetricSample {
  const sample = { name, type, doc, labels, value: series.value };
  if (!(series instanceof Histogram)) return sample;
  const bounds = [...series.bounds, Number.POSITIVE_INFINITY];
  return { ...sample, buckets: bounds.map((upTo, index) => ({ upTo, count: series.counts[index]! })) };
}

function checkDefinition({ name, type, labels = [], buckets }: MetricDefinition): void {
  // The names that Prometheus takes.
  if (!/^[a-zA-Z_:][a-zA-Z0-9_:]*$/.test(name)) throw new Error(`"${name}" is no name for a metric`);
  for (const label of labels) {
    if (!/^[a-zA-Z_][a-zA-Z0-9_]*$/.test(label)) throw new Error(`metric ${name}: "${label}" is no name for a label`);
  }
  if ((type === 'histogram') !== (buckets !== undefined))
    throw new Error(`metric ${name}: buckets belong to histograms`);
  const isAscending = (buckets ?? []).every((bound, index, all) => index === 0 || bound > all[index - 1]!);
  if (!isAscending || buckets?.length === 0) throw new Error(`metric ${name}: buckets must ascend`);
}
