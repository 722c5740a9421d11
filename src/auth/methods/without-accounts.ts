/** The answers of a method that keeps no accounts of its own. */
import type { AuthMethod } from '../../core/auth/method.js';

export const withoutAccounts = {
  scramCredentials: async () => undefined,
  register: async () => 'refused' as const,
  setPassword: async () => false,
  remove: async () => false,
  list: async () => [],
  count: async () => 0,
} satisfies Partial<AuthMethod>;
