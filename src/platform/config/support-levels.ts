/** What can be said of an option: served, accepted without effect, or not supported. */

export type SupportLevel = 'served' | 'accepted' | 'unsupported';

export interface Support {
  readonly level: SupportLevel;
  /** For `accepted`: why it means nothing here. For `unsupported`: what to use, where there is something. */
  readonly reason?: string | undefined;
  /** Values, or items of an array, that differ from the rest. */
  readonly values?: Readonly<Record<string, Support>> | undefined;
  /** Any other value than the default is unsupported. */
  readonly isDefaultOnly?: boolean | undefined;
}

export const served: Support = { level: 'served' };

export function accepted(reason: string): Support {
  return { level: 'accepted', reason };
}

export function unsupported(reason?: string): Support {
  return { level: 'unsupported', reason };
}

export function servedExcept(values: Readonly<Record<string, Support>>): Support {
  return { level: 'served', values };
}

export function acceptedExcept(reason: string, values: Readonly<Record<string, Support>>): Support {
  return { level: 'accepted', reason, values };
}

export function acceptedAtDefault(reason: string): Support {
  return { level: 'accepted', reason, isDefaultOnly: true };
}
