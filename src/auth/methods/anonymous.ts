/** `auth.anonymous`: logins without an account (XEP-0175), under a random name or under one of the client's choice. */
import { defineAuthMethod } from '../../core/auth/method.js';
import { withoutAccounts } from './without-accounts.js';

const DEFAULTS = { protocol: 'sasl_anon', allow_multiple_connections: false };

export default defineAuthMethod({
  name: 'anonymous',
  dynamicDomains: true,

  start({ config, isStored, isOnline }) {
    const { protocol, allow_multiple_connections } = { ...DEFAULTS, ...config.anonymous };
    return {
      ...withoutAccounts,
      name: 'anonymous',
      capabilities: {
        password: protocol !== 'sasl_anon',
        scram: [],
        anonymous: protocol !== 'login_anon',
        certificate: false,
        register: false,
        stored: false,
      },

      /** `login_anon`: any password does, unless the name belongs to an account or is in use. */
      async checkPassword(account) {
        if (protocol === 'sasl_anon' || (await isStored(account))) return 'unknown';
        if (allow_multiple_connections) return 'accepted';
        return (await isOnline(account)) ? 'refused' : 'accepted';
      },

      exists: isOnline,
    };
  },
});
