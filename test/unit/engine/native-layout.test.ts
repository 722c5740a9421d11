/** Both sides of the boundary agree on the layout of envelopes. */
import { expect, test } from 'vitest';
import * as envelope from '../../../src/engine/envelope.js';
import { nativeAddon } from './native-kit.js';

test('envelope.h has the numbers of envelope.ts, and no others', () => {
  expect(nativeAddon().layout).toEqual({ ...envelope });
});
