/** Commands on accounts. */
import { createHash, timingSafeEqual } from 'node:crypto';
import type { ChangeOutcome, RegisterOutcome, RemoveOutcome } from '../../core/accounts/accounts.js';
import { Jid } from '../../protocol/jid.js';
import { defineCommand } from '../command.js';
import { CommandError } from '../command-error.js';
import type { AdminContext } from '../context.js';

const user = { type: 'JID', required: true, doc: 'The account.' } as const;
const domain = { type: 'DomainName', required: true, doc: 'A domain that is served.' } as const;
const payload = { type: 'UserPayload', doc: 'The account, and what was done.' };
/** Their names in Node's crypto by the names that the command takes. */
const HASH_METHODS = new Map([
  ['md5', 'md5'],
  ['sha', 'sha1'],
]);

const verdict = { type: 'CheckPasswordPayload', doc: 'Whether it is correct.' };

const registerUser = defineCommand({
  category: 'account',
  name: 'registerUser',
  kind: 'mutation',
  doc: 'Make an account',
  args: {
    domain,
    username: { type: 'UserName', required: false, doc: 'A name is made when none is given.' },
    password: { type: 'String', required: true, doc: 'Its password.', secret: true },
  },
  result: payload,
  async run({ accounts, server }, args) {
    const account = Jid.of(args.username ?? server.makeUsername(), args.domain);
    if (!account) throw new CommandError('invalid_jid', 'this is no name for an account', { domain: args.domain });
    requireServed({ accounts }, args.domain);
    const outcome = await accounts.register(account, args.password);
    if (outcome !== 'registered') throw refusal(outcome, account);
    return { jid: account.toString(), message: `Account ${account} was made` };
  },
});

const removeUser = defineCommand({
  category: 'account',
  name: 'removeUser',
  kind: 'mutation',
  doc: 'Remove an account with all its data, and end its sessions',
  args: { user },
  result: payload,
  async run({ accounts }, args) {
    const account = accountOf(args.user);
    if (!accounts.isServed(account.domain)) throw refusal('no-account', account);
    const outcome = await accounts.remove(account);
    if (outcome !== 'removed') throw refusal(outcome, account);
    return { jid: account.toString(), message: `Account ${account} was removed` };
  },
});

const changeUserPassword = defineCommand({
  category: 'account',
  name: 'changeUserPassword',
  kind: 'mutation',
  doc: 'Set the password of an account',
  args: { user, newPassword: { type: 'String', required: true, doc: 'The password from now on.', secret: true } },
  result: payload,
  async run({ accounts }, args) {
    const account = accountOf(args.user);
    if (!accounts.isServed(account.domain)) throw refusal('no-account', account);
    const outcome = await accounts.changePassword(account, args.newPassword);
    if (outcome !== 'changed') throw refusal(outcome, account);
    return { jid: account.toString(), message: 'The password was changed' };
  },
});

const banUser = defineCommand({
  category: 'account',
  name: 'banUser',
  kind: 'mutation',
  doc: 'End the sessions of an account, and replace its password by one that nobody knows',
  args: { user, reason: { type: 'String', required: true, doc: 'Told to the sessions, and kept with the password.' } },
  result: payload,
  async run(context, args) {
    const account = await existing(context, args.user);
    const outcome = await context.accounts.ban(account, args.reason);
    if (outcome !== 'changed') throw refusal(outcome, account);
    return { jid: account.toString(), message: `Account ${account} was banned: ${args.reason}` };
  },
});

const listUsers = defineCommand({
  category: 'account',
  name: 'listUsers',
  kind: 'query',
  doc: 'List the accounts of a domain',
  args: {
    domain,
    limit: { type: 'PosInt', required: false, doc: 'At most so many.' },
    index: { type: 'NonNegInt', required: false, doc: 'Skip so many first.' },
  },
  result: { type: '[String!]', doc: 'Bare JIDs in ascending order.' },
  async run({ accounts }, args) {
    requireServed({ accounts }, args.domain);
    const names = await accounts.list(args.domain, { limit: args.limit, index: args.index });
    return names.map((name) => Jid.trusted(name, args.domain).toString());
  },
});

const countUsers = defineCommand({
  category: 'account',
  name: 'countUsers',
  kind: 'query',
  doc: 'Count the accounts of a domain',
  args: { domain },
  result: { type: 'Int', doc: 'How many there are.' },
  async run({ accounts }, args) {
    requireServed({ accounts }, args.domain);
    return accounts.count(args.domain);
  },
});

const checkUser = defineCommand({
  category: 'account',
  name: 'checkUser',
  kind: 'query',
  doc: 'Tell whether an account exists',
  args: { user },
  result: { type: 'CheckUserPayload', doc: 'Whether it exists.' },
  async run({ accounts }, args) {
    const account = args.user.bare;
    const exist = accounts.isServed(account.domain) && (await accounts.exists(account));
    return { exist, message: exist ? `Account ${account} exists` : `There is no account ${account}` };
  },
});

const checkPassword = defineCommand({
  category: 'account',
  name: 'checkPassword',
  kind: 'query',
  doc: 'Tell whether a password is that of the account',
  args: { user, password: { type: 'String', required: true, doc: 'The password in question.', secret: true } },
  result: verdict,
  async run(context, args) {
    const account = await existing(context, args.user);
    return correctness(await context.accounts.checkPassword(account, args.password), 'password');
  },
});

const checkPasswordHash = defineCommand({
  category: 'account',
  name: 'checkPasswordHash',
  kind: 'query',
  doc: 'Tell whether a hash is that of the account’s password, which must be kept in plain text',
  args: {
    user,
    passwordHash: { type: 'String', required: true, doc: 'In hexadecimal digits.', secret: true },
    hashMethod: { type: 'String', required: true, doc: '`md5` or `sha` (SHA-1).' },
  },
  result: verdict,
  async run({ accounts }, args) {
    const account = args.user.bare;
    const password = accounts.isServed(account.domain) ? await accounts.plainPassword(account) : undefined;
    if (password === undefined) {
      const message = `There is no account ${account}, or its password is not kept in plain text`;
      throw new CommandError('wrong_user', message, { jid: account.toString() });
    }
    const algorithm = HASH_METHODS.get(args.hashMethod);
    if (!algorithm)
      throw new CommandError('wrong_method', 'the hash method is to be md5 or sha', { jid: account.toString() });
    return correctness(isHashOf(password, algorithm, args.passwordHash), 'password hash');
  },
});

export const accountCommands = [
  banUser,
  changeUserPassword,
  checkPassword,
  checkPasswordHash,
  checkUser,
  countUsers,
  listUsers,
  registerUser,
  removeUser,
];

function requireServed({ accounts }: Pick<AdminContext, 'accounts'>, name: string): void {
  if (!accounts.isServed(name))
    throw new CommandError('domain_not_found', `Domain ${name} is not served here`, { domain: name });
}

/** The account of an address; a resource is no harm. */
function accountOf(jid: Jid): Jid {
  if (jid.local === '')
    throw new CommandError('invalid_jid', `${jid} is not the address of an account`, { jid: jid.toString() });
  return jid.bare;
}

async function existing({ accounts }: AdminContext, jid: Jid): Promise<Jid> {
  const account = accountOf(jid);
  if (accounts.isServed(account.domain) && (await accounts.exists(account))) return account;
  throw new CommandError('user_does_not_exist', `There is no account ${account}`, { jid: account.toString() });
}

type Refusal = Exclude<RegisterOutcome | ChangeOutcome | RemoveOutcome, 'registered' | 'changed' | 'removed'>;

function refusal(outcome: Refusal, account: Jid): CommandError {
  const details = { jid: account.toString() };
  switch (outcome) {
    case 'exists':
      return new CommandError('exists', `Account ${account} exists already`, details);
    case 'invalid-jid':
      return new CommandError('invalid_jid', `${account} is not the address of an account`, details);
    case 'limit':
      return new CommandError(
        'limit_per_domain_exceeded',
        `Domain ${account.domain} has as many accounts as it may`,
        details,
      );
    case 'empty-password':
      return new CommandError('empty_password', 'The password is empty', details);
    case 'invalid-password':
      return new CommandError('invalid_password', 'The password holds characters that no client could send', details);
    case 'no-account':
      return new CommandError('not_allowed', `There is no account ${account}`, details);
    case 'not-allowed':
      return new CommandError('not_allowed', `No authentication method of ${account.domain} allows it`, details);
  }
}

function correctness(correct: boolean, what: string): { correct: boolean; message: string } {
  return { correct, message: `The ${what} is ${correct ? 'correct' : 'not correct'}` };
}

/** COMPAT(MongooseIM, always): it expects each byte without a leading zero; plain hexadecimal is taken too. */
function isHashOf(password: string, algorithm: string, given: string): boolean {
  const hash = createHash(algorithm).update(password).digest();
  const unpadded = [...hash].map((byte) => byte.toString(16)).join('');
  const isPlain = isSame(hash.toString('hex'), given.toLowerCase());
  return isSame(unpadded, given.toLowerCase()) || isPlain;
}

/** In a time that tells nothing of where they differ. */
function isSame(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
