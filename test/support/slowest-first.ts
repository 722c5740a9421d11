/** The order of test files: on a fresh clone Vitest knows their sizes alone, and the last one to run may be a long one that all wait for. */
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Those that take a minute and more on a busy machine. */
const SLOWEST = [
  'story/xep-0198-crash',
  'story/certificates',
  'unit/bench/bench',
  'story/config-refused',
  'story/xep-0198-options',
  'story/storage-crash',
  'story/browser-chat',
  'story/certificate-authorities',
  'unit/bench/micro',
  'unit/scripts/ready',
  'unit/bench/compare/servers',
];

export class SlowestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).sort((one, other) => rank(one) - rank(other));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = SLOWEST.findIndex((name) => moduleId.endsWith(`/test/${name}.test.ts`));
  return at < 0 ? SLOWEST.length : at;
}
