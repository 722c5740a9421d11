/** How a type of handler in `[[listen.http]]` is plugged in. */
import type { Framing } from '../../engine/port.js';
import type { Clock } from '../../platform/clock.js';
import type { Config, HttpHandlerSettings, HttpListener } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import type { BoshSessions } from '../bosh/sessions.js';
import type { EntranceSettings } from '../c2s/c2s-services.js';
import type { FrameEntrance } from '../listeners/frames.js';
import type { RouteEntry } from './routes.js';

/** What is there when the handlers of a listener are made. */
export interface HandlerSurroundings {
  readonly config: Config;
  readonly listener: HttpListener;
  readonly running: RunningFacts;
  /** By which this server, whatever its shard, knows a request that it has passed on (RFC 9110 section 7.6.3). Nobody can guess it. */
  readonly pseudonym: string;
  /** Why this shard should not get new clients; undefined when it may. */
  readonly unready: () => string | undefined;
  /** Opens a way in for clients whose elements come in frames. To be called with the same arguments on every shard. */
  readonly clients: (settings: EntranceSettings, framing: Framing) => FrameEntrance;
  /** The sessions of BOSH in this shard. */
  readonly bosh: BoshSessions;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What can be told of the server at work. */
export interface RunningFacts {
  readonly version: string;
  readonly engine: string;
  readonly shards: number;
}

/** The settings of one type. */
export type SettingsOf<Type extends HttpHandlerSettings['type']> = Extract<HttpHandlerSettings, { type: Type }>;

export interface HttpHandlerType<Type extends HttpHandlerSettings['type'] = HttpHandlerSettings['type']> {
  readonly type: Type;
  /** Called once in each shard for each table of this type. */
  routes(settings: SettingsOf<Type>, surroundings: HandlerSurroundings): readonly RouteEntry[];
}

export function defineHttpHandler<const Type extends HttpHandlerSettings['type']>(
  definition: HttpHandlerType<Type>,
): HttpHandlerType<Type> {
  return definition;
}
