/** The sizes and times that client streams live under, and how they are told to clients (XEP-0478). */
import { type Limits, MOST_STANZA_BYTES } from '../../engine/port.js';
import type { C2sListener, HostTypeConfig } from '../../platform/config/index.js';
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import type { EntranceSettings } from './c2s-services.js';

/** A login is a few kilobytes; certificates for EXTERNAL travel in TLS. */
const MAX_BYTES_BEFORE_AUTHENTICATION = 64 * 1024;

export function streamLimits({ max_stanza_size }: Pick<C2sListener, 'max_stanza_size'>): Limits {
  return {
    maxStanzaBytes: max_stanza_size === 'infinity' ? MOST_STANZA_BYTES : Math.min(max_stanza_size, MOST_STANZA_BYTES),
    maxDepth: 128,
    maxAttributes: 64,
    maxTagBytes: 16 * 1024,
    maxChildren: 65_535,
    maxBytesBeforeAuthentication: MAX_BYTES_BEFORE_AUTHENTICATION,
  };
}

/** Before authentication a stream ends when it rests for too long. */
export function limitsBeforeLogin(settings: EntranceSettings): Element {
  const { maxStanzaBytes, maxBytesBeforeAuthentication } = streamLimits(settings);
  const { state_timeout } = settings;
  const seconds = state_timeout === 'infinity' ? 0 : Math.floor(state_timeout / 1_000);
  return feature(Math.min(maxStanzaBytes, maxBytesBeforeAuthentication), seconds);
}

/** Behind it, a client that rests is asked whether it is still there, or given up. */
export function limitsOfSession(
  settings: EntranceSettings,
  { modules }: HostTypeConfig,
  isCompressed: boolean,
): Element {
  const ping = modules.mod_ping;
  const pingSeconds = ping?.send_pings ? ping.ping_interval : Number.POSITIVE_INFINITY;
  const { timeout = 'infinity' } = settings;
  const seconds = Math.min(pingSeconds, typeof timeout === 'number' && timeout > 0 ? timeout / 1_000 : pingSeconds);
  const { maxStanzaBytes } = streamLimits(settings);
  const bytes = isCompressed ? Math.min(maxStanzaBytes, settings.zlib ?? MOST_STANZA_BYTES) : maxStanzaBytes;
  return feature(bytes, Number.isFinite(seconds) ? Math.ceil(seconds) : 0);
}

function feature(bytes: number, idleSeconds: number): Element {
  return el(
    'limits',
    { xmlns: ns.STREAM_LIMITS },
    el('max-bytes', {}, String(bytes)),
    idleSeconds > 0 && el('idle-seconds', {}, String(idleSeconds)),
  );
}
