/** Numbers as people read them, with the unit that suits their size. */

const NONE = '–';

/** Three significant digits, thousands apart. */
export function figure(value) {
  if (!Number.isFinite(value)) return NONE;
  if (Math.abs(value) >= 1_000) return Math.round(value).toLocaleString('en');
  const digits = value === 0 ? 0 : Math.min(3, Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value)))));
  return String(Number(value.toFixed(digits)));
}

/** A whole number. */
export const whole = (value) => (Number.isFinite(value) ? Math.round(value).toLocaleString('en') : NONE);

/** Microseconds. */
export function duration(us) {
  return scaled(us, [
    [1e6, ' s'],
    [1e3, ' ms'],
    [1, ' µs'],
  ]);
}

export function bytes(count) {
  return scaled(count, [
    [2 ** 30, ' GiB'],
    [2 ** 20, ' MiB'],
    [2 ** 10, ' KiB'],
    [1, ' B'],
  ]);
}

/** How many times as much. */
export const times = (value) => (Number.isFinite(value) ? `${figure(value)}×` : NONE);

/** The part of one core. */
export const load = (value) => (Number.isFinite(value) ? value.toFixed(2) : NONE);

function scaled(value, units) {
  if (!Number.isFinite(value)) return NONE;
  const [size, name] = units.find(([one]) => Math.abs(value) >= one) ?? units.at(-1);
  return `${figure(value / size)}${name}`;
}
