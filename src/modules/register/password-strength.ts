/** How hard a password is to guess, as the option `password_strength` counts it. */

const CLASSES: readonly { readonly pattern: RegExp; readonly size: number }[] = [
  { pattern: /[a-z]/u, size: 26 },
  { pattern: /[A-Z]/u, size: 26 },
  { pattern: /[0-9]/u, size: 9 },
  { pattern: /[!-/:-@[-`{-~]/u, size: 33 },
  { pattern: /[^\0-\x7f]/u, size: 128 },
];

/** In bits: length times the binary logarithm of how many characters its kinds of characters offer. */
export function passwordEntropy(password: string): number {
  const choice = CLASSES.reduce((sum, { pattern, size }) => (pattern.test(password) ? sum + size : sum), 0);
  return choice === 0 ? 0 : [...password].length * Math.log2(choice);
}
