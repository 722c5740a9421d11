/** The native engine keeps the contract of engines; the portable one does so in test/unit/engine/portable.test.ts. */
import { describe, test } from 'vitest';
import { createNativeEngine, loadNativeEngine } from '../../src/engine/native/native-engine.js';
import { engineContract } from './engine.js';

const addon = loadNativeEngine();

if ('unavailable' in addon) {
  describe('the native engine', () => {
    test.skip(`is not available: ${addon.unavailable}`, () => {});
  });
} else {
  engineContract('native', async (options) => createNativeEngine(addon, options));
}
