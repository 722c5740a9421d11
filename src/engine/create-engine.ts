/** Makes the engine of a shard: the native one, or the portable one where no addon can be built. */
import { createNativeEngine, loadNativeEngine } from './native/native-engine.js';
import { EngineError, type EngineKind, type EngineOptions, type EnginePort } from './port.js';
import { createPortableEngine } from './portable/portable-engine.js';

export interface EngineChoice {
  readonly kind: EngineKind;
  /** Why the native engine is not there, when it was wanted. */
  readonly unavailable: string | undefined;
}

/** Decides by what the configuration wants and what loads here. Throws when `native` is demanded and cannot be had. */
export function chooseEngine(wanted: 'auto' | EngineKind): EngineChoice {
  if (wanted === 'portable') return { kind: 'portable', unavailable: undefined };
  const loaded = loadNativeEngine();
  if (!('unavailable' in loaded)) return { kind: 'native', unavailable: undefined };
  if (wanted === 'native')
    throw new EngineError('no-native-engine', `the native engine is not available: ${loaded.unavailable}`);
  return { kind: 'portable', unavailable: loaded.unavailable };
}

export async function createEngine(kind: EngineKind, options: EngineOptions): Promise<EnginePort> {
  if (kind === 'portable') return createPortableEngine(options);
  const loaded = loadNativeEngine();
  if ('unavailable' in loaded) throw new EngineError('no-native-engine', loaded.unavailable);
  return createNativeEngine(loaded, options);
}
