/** The native engine for tests; without the addon they fail, for then there is nothing to test. */
import { createNativeEngine, loadNativeEngine, type NativeAddon } from '../../../src/engine/native/native-engine.js';
import type { EngineOptions, EnginePort } from '../../../src/engine/port.js';

export function nativeAddon(): NativeAddon {
  const loaded = loadNativeEngine();
  if ('unavailable' in loaded) throw new Error(`the native engine is not available: ${loaded.unavailable}`);
  return loaded;
}

export async function createNative(options: EngineOptions): Promise<EnginePort> {
  return createNativeEngine(nativeAddon(), options);
}
