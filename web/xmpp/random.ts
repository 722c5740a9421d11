/** Text that nobody can guess: nonces and ids. */

const BYTES = 18;

export function randomToken(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(BYTES));
  return Array.from(bytes, (byte) => byte.toString(36).padStart(2, '0')).join('');
}
