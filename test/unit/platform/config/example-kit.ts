/** What examples of options are made of. */

export interface OptionExample {
  readonly accepted: readonly unknown[];
  readonly refused: readonly unknown[];
  /** Other options, by path, without which this one means nothing. */
  readonly around?: Readonly<Record<string, unknown>>;
  /** The option says what is so anyway: the snapshot stays the same. */
  readonly isNeutral?: boolean;
}

export const limit: OptionExample = { accepted: [7, 'infinity'], refused: [0, -1, 'none', 1.5] };
export const positive: OptionExample = { accepted: [7], refused: [0, -1, 'infinity', true] };
export const notNegative: OptionExample = { accepted: [0, 7], refused: [-1, 'infinity', 0.5] };
export const yesOrNo: OptionExample = { accepted: [true, false], refused: [1, 'true'] };
export const text: OptionExample = { accepted: ['something'], refused: [1, true] };
export const path: OptionExample = { accepted: ['priv/some.pem'], refused: ['', 5] };
export const falseOnly: OptionExample = { accepted: [false], refused: [true, 0], isNeutral: true };

export function word(accepted: readonly string[], ...refused: readonly unknown[]): OptionExample {
  return { accepted, refused: ['nothing-like-that', 1, ...refused] };
}

export function around(example: OptionExample, options: Readonly<Record<string, unknown>>): OptionExample {
  return { ...example, around: { ...options, ...example.around } };
}

export function all(
  prefix: string,
  options: Readonly<Record<string, unknown>>,
  examples: Readonly<Record<string, OptionExample>>,
) {
  const entries = Object.entries(examples).map(([name, example]) => [prefix + name, around(example, options)]);
  return Object.fromEntries(entries) as Record<string, OptionExample>;
}

export const networks: OptionExample = {
  accepted: [['10.0.0.0/8', '::1'], []],
  refused: ['10.0.0.0/8', ['10.0.0.0/33'], ['balancer.example'], [1]],
};
