/** Each option that is served has values that are taken, and arrive, and values that are refused at their place. */
import { describe, expect, test } from 'vitest';
import { buildCatalogue, type CatalogueNode } from '../../../../src/platform/config/catalogue.js';
import { formatProblem, loadConfig } from '../../../../src/platform/config/index.js';
import { spell } from '../../../../src/platform/config/problems.js';
import { supportOf } from '../../../../src/platform/config/support.js';
import { concrete, leastConfig, toml, withOption } from '../../../support/config-file.js';
import type { OptionExample } from './example-kit.js';
import { optionExamples } from './option-examples.js';

/** Paths of all single options that are served, without those that `host_config` borrows. */
function servedOptions(): string[] {
  const paths = new Set<string>();
  const visit = (node: CatalogueNode) => {
    const isSingle = node.type !== undefined && node.type.is !== 'table' && node.type.is !== 'tables';
    if (isSingle && supportOf(node.path).level === 'served') paths.add(node.path);
    for (const child of node.children.values()) visit(child);
    if (node.wildcard) visit(node.wildcard);
    if (node.item) visit(node.item);
  };
  visit(buildCatalogue().root);
  return [...paths].sort();
}

function fileWith(path: string, example: OptionExample, value: unknown) {
  let config = leastConfig();
  for (const [other, surrounding] of Object.entries(example.around ?? {}))
    config = withOption(config, other, surrounding);
  const without = toml(config);
  return { without, text: toml(withOption(config, path, value)) };
}

function snapshotOf(text: string) {
  const result = loadConfig({ file: 't.toml', text });
  if ('problems' in result) return result.problems.map(formatProblem);
  return result.config.toPlain();
}

test('every served option has its examples', () => {
  expect(Object.keys(optionExamples).sort()).toEqual(servedOptions());
});

describe.each(Object.entries(optionExamples))('%s', (path, example) => {
  test.each(example.accepted.map((value) => [value]))('takes %j', (value) => {
    const { text } = fileWith(path, example, value);
    expect(snapshotOf(text)).toHaveProperty('general');
  });

  test('changes the snapshot', () => {
    const snapshots = example.accepted.map((value) => JSON.stringify(snapshotOf(fileWith(path, example, value).text)));
    const before = JSON.stringify(snapshotOf(fileWith(path, example, example.accepted[0]).without));
    const isChanged = snapshots.some((snapshot) => snapshot !== before);
    expect(isChanged).toBe(!example.isNeutral);
  });

  test.each(example.refused.map((value) => [value]))('refuses %j', (value) => {
    const { text } = fileWith(path, example, value);
    const result = loadConfig({ file: 't.toml', text });
    const places = 'problems' in result ? result.problems.map((problem) => problem.path) : [];
    const place = spell(concrete(path));
    // An array is refused at its item; a contradiction may be told at the table around the option.
    expect(
      places.filter((other) => other.startsWith(place) || (other.length > 8 && place.startsWith(other))),
    ).not.toEqual([]);
  });
});
