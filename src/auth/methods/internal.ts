/** `auth.internal`: accounts in the server's own embedded database. */
import { defineAuthMethod } from '../../core/auth/method.js';
import { StoredAccounts } from './stored.js';

export default defineAuthMethod({
  name: 'internal',
  dynamicDomains: true,
  start: (context) => new StoredAccounts('internal', context),
});
