/** `auth.dummy`: lets everybody in after a random delay, for load tests. */
import { defineAuthMethod } from '../../core/auth/method.js';
import { withoutAccounts } from './without-accounts.js';

const DEFAULTS = { base_time: 50, variance: 450 };

export default defineAuthMethod({
  name: 'dummy',
  dynamicDomains: true,

  start({ config, random, clock }) {
    const { base_time, variance } = { ...DEFAULTS, ...config.dummy };
    return {
      ...withoutAccounts,
      name: 'dummy',
      capabilities: { password: true, scram: [], anonymous: false, certificate: false, register: true, stored: true },

      async checkPassword() {
        await clock.sleep(base_time + 1 + Math.floor(random.fraction() * variance));
        return 'accepted';
      },

      exists: async () => true,
      register: async () => 'registered',
      setPassword: async () => true,
      remove: async () => true,
    };
  },
});
