/** `auth.rdbms`: accounts in the relational database of the outgoing pool. */
import { defineAuthMethod } from '../../core/auth/method.js';
import { StoredAccounts } from './stored.js';

export default defineAuthMethod({
  name: 'rdbms',
  dynamicDomains: true,
  start: (context) => new StoredAccounts('rdbms', context),
});
