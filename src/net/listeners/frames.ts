/** Lets clients in whose elements come in frames, over sockets that the HTTP server owns. */
import type { Carrier, CarrierOwner } from '../../engine/carrier.js';
import type { Carriers } from '../../engine/carriers.js';
import type { CarrierFacts, EnginePort, Framing } from '../../engine/port.js';
import type { C2sEntrance, C2sServices, EntranceSettings } from '../c2s/c2s-services.js';
import { streamLimits } from '../c2s/stream-limits.js';
import { MAX_OUTPUT_BYTES } from './c2s.js';

export interface FrameEntrance {
  /** A socket becomes a client. Undefined once the shard takes nobody any more. */
  attach(facts: CarrierFacts, owner: CarrierOwner): Carrier | undefined;
}

export interface FrameEntranceParts {
  readonly engine: EnginePort;
  readonly carriers: Carriers;
  /** By the engine's number of the listener. */
  readonly listeners: Map<number, C2sEntrance>;
  readonly services: C2sServices;
}

/** What may wait here of a client that is held back: nobody can make it wait. */
const LEAST_INPUT_BYTES = 4 * 1024 * 1024;

export function admitFrames(parts: FrameEntranceParts, settings: EntranceSettings, framing: Framing): FrameEntrance {
  const { engine, carriers, listeners, services } = parts;
  const entrance = { index: services.entrances.length, settings, listener: undefined, tlsContext: undefined };
  services.entrances.push(entrance);
  const limits = streamLimits(settings);
  const { state_timeout } = settings;
  const listener = engine.listenFrames({
    framing,
    limits,
    maxOutputBytes: MAX_OUTPUT_BYTES,
    maxOutputWrites: services.config.general.max_fsm_queue ?? 0,
    maxInputBytes: Math.max(LEAST_INPUT_BYTES, 2 * limits.maxStanzaBytes),
    authenticationDeadlineMs: state_timeout === 'infinity' ? 0 : state_timeout,
    // The listener of HTTP counts them.
    maxConnections: 0,
  });
  listeners.set(listener, entrance);
  return { attach: (facts, owner) => carriers.attach(listener, facts, owner) };
}
