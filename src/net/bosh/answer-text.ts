/** Writes the bodies of answers (XEP-0124, XEP-0206). */
import { escapeXml } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';
import { type BoshAnswer, type Condition, conditions, type SessionSettings } from './binding.js';

export type BodyAttributes = Readonly<Record<string, string | number | undefined>>;

/** What the stream said of itself. */
export interface StreamFacts {
  readonly id: string | undefined;
  readonly from: string | undefined;
}

const OK = 200;
const BEGIN = `<body xmlns='${ns.HTTP_BIND}'`;
const END = Buffer.from('</body>');

/** Nothing was said. */
export const nothing: BoshAnswer = { status: OK, body: Buffer.from(`${BEGIN}/>`) };

/** `parts` are whole elements. */
export function answer(attributes: BodyAttributes, parts: readonly Uint8Array[] = []): BoshAnswer {
  const fields = Object.entries(attributes).map(([name, value]) =>
    value === undefined ? '' : ` ${name}='${escapeXml(String(value))}'`,
  );
  const tag = `${BEGIN}${fields.join('')}`;
  if (parts.length === 0 && tag === BEGIN) return nothing;
  if (parts.length === 0) return { status: OK, body: Buffer.from(`${tag}/>`) };
  return { status: OK, body: Buffer.concat([Buffer.from(`${tag}>`), ...parts, END]) };
}

/** Ends a session, or keeps one from beginning. */
export function refusal(condition: Condition, isLegacy: boolean): BoshAnswer {
  const { body } = answer({ type: 'terminate', condition });
  return { status: isLegacy ? conditions[condition] : OK, body };
}

/** XEP-0124 section 17.3: the request is to be sent once more, with those before it. */
export const recoverable = answer({ type: 'error' });

/** XEP-0124 section 7.2, XEP-0206 section 4. */
export function creationAttributes(
  settings: SessionSettings,
  stream: StreamFacts | undefined,
  rid: number,
): BodyAttributes {
  const { sid, waitMs, hold, inactivityMs, maxPauseMs, pollingMs, serverAcks, version } = settings;
  return {
    sid,
    wait: seconds(waitMs),
    requests: hold + 1,
    hold,
    inactivity: Number.isFinite(inactivityMs) ? seconds(inactivityMs) : undefined,
    polling: seconds(pollingMs),
    maxpause: seconds(maxPauseMs),
    ver: version,
    ack: serverAcks ? rid : undefined,
    from: stream?.from,
    authid: stream?.id,
    'xmpp:version': '1.0',
    'xmpp:restartlogic': 'true',
    'xmlns:xmpp': ns.XBOSH,
    'xmlns:stream': ns.STREAM,
  };
}

function seconds(ms: number): number {
  return Math.floor(ms / 1_000);
}
