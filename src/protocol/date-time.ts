/** Dates and times as XMPP writes them (XEP-0082); instants are milliseconds since 1970 in UTC. */

const DATE = '(\\d{4})-(\\d\\d)-(\\d\\d)';
const TIME = '(\\d\\d):(\\d\\d):(\\d\\d)(?:\\.(\\d+))?';
const ZONE = '(Z|[+-]\\d\\d:\\d\\d)';

const dateTimePattern = new RegExp(`^${DATE}T${TIME}${ZONE}$`);

/** XML Schema part 2 section 3.2.7.3. */
const MAX_OFFSET_MINUTES = 14 * 60;

/** `2002-09-10T23:41:07Z`; with `fractions`, `2002-09-10T23:41:07.250Z`. */
export function formatDateTime(ms: number, fractions = false): string {
  const text = new Date(ms).toISOString();
  return fractions ? text : `${text.slice(0, 19)}Z`;
}

/** XEP-0082 section 3.2. Fractions below a millisecond are cut off; `undefined` for text of any other form. */
export function parseDateTime(text: string): number | undefined {
  const match = dateTimePattern.exec(text);
  if (!match) return undefined;
  const [, year, month, day, hour, minute, second, fraction, zone] = match;
  const date = dateOf(year, month, day);
  const time = timeOf(hour, minute, second, fraction);
  const offset = offsetOf(zone!);
  if (date === undefined || time === undefined || offset === undefined) return undefined;
  return date + time - offset;
}

/** XEP-0202: `+01:00`; UTC is `Z`. */
export function formatOffset(minutesAheadOfUtc: number): string {
  if (minutesAheadOfUtc === 0) return 'Z';
  const minutes = Math.abs(minutesAheadOfUtc);
  return `${minutesAheadOfUtc < 0 ? '-' : '+'}${twoDigits(Math.floor(minutes / 60))}:${twoDigits(minutes % 60)}`;
}

type Digits = string | undefined;

function dateOf(year: Digits, month: Digits, day: Digits): number | undefined {
  const date = new Date(0);
  // Not Date.UTC, which takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  const isReal = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  // XML Schema part 2 section 3.2.7: there is no year 0000.
  return isReal && Number(year) > 0 ? date.getTime() : undefined;
}

function timeOf(hour: Digits, minute: Digits, second: Digits, fraction: Digits): number | undefined {
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const ms = fraction === undefined ? 0 : Number(fraction.slice(0, 3).padEnd(3, '0'));
  return ((Number(hour) * 60 + Number(minute)) * 60 + Number(second)) * 1000 + ms;
}

/** Milliseconds ahead of UTC. */
function offsetOf(zone: string): number | undefined {
  if (zone === 'Z') return 0;
  const hours = Number(zone.slice(1, 3));
  const minutes = Number(zone.slice(4, 6));
  if (minutes > 59 || hours * 60 + minutes > MAX_OFFSET_MINUTES) return undefined;
  const offset = (hours * 60 + minutes) * 60_000;
  return zone.startsWith('-') ? -offset : offset;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}
