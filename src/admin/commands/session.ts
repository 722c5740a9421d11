/** Commands on sessions. */
import type { Jid } from '../../protocol/jid.js';
import { defineCommand, type Plain } from '../command.js';
import { CommandError } from '../command-error.js';
import type { AdminContext, AdminSession } from '../context.js';

const DEFAULT_REASON = 'Ended by an administrator';

const user = { type: 'JID', required: true, doc: 'The account.' } as const;
const anyDomain = { type: 'DomainName', required: false, doc: 'All domains when none is given.' } as const;
const reason = { type: 'String', required: false, doc: 'Told to the client in the stream error.' } as const;
const sessions = { type: '[Session!]', doc: 'Address, connection, priority and age of each.' };

const listSessions = defineCommand({
  category: 'session',
  name: 'listSessions',
  kind: 'query',
  doc: 'List the sessions of a domain, or all',
  args: { domain: anyDomain },
  result: sessions,
  async run(context, args) {
    requireServed(context, args.domain);
    return byUser(await context.sessions.list(args.domain)).map((session) => describe(context, session));
  },
});

const countSessions = defineCommand({
  category: 'session',
  name: 'countSessions',
  kind: 'query',
  doc: 'Count the sessions of a domain, or all',
  args: { domain: anyDomain },
  result: { type: 'Int', doc: 'How many there are.' },
  async run(context, args) {
    requireServed(context, args.domain);
    return context.sessions.count(args.domain);
  },
});

const listUserSessions = defineCommand({
  category: 'session',
  name: 'listUserSessions',
  kind: 'query',
  doc: 'List the sessions of an account',
  args: { user },
  result: sessions,
  async run(context, args) {
    return (await sessionsOf(context, args.user)).map((session) => describe(context, session));
  },
});

const countUserResources = defineCommand({
  category: 'session',
  name: 'countUserResources',
  kind: 'query',
  doc: 'Count the sessions of an account',
  args: { user },
  result: { type: 'Int', doc: 'How many there are.' },
  async run(context, args) {
    return (await sessionsOf(context, args.user)).length;
  },
});

const getUserResource = defineCommand({
  category: 'session',
  name: 'getUserResource',
  kind: 'query',
  doc: 'Tell the resource of a session of an account by its number',
  args: { user, number: { type: 'PosInt', required: true, doc: 'From 1, in ascending order of the resources.' } },
  result: { type: 'ResourceName', doc: 'The resource.' },
  async run(context, args) {
    const found = (await sessionsOf(context, args.user))[args.number - 1];
    if (found) return resourceOf(found.jid);
    const details = { user: args.user.toString(), number: args.number };
    throw new CommandError('wrong_res_number', `${args.user.bare} has no session number ${args.number}`, details);
  },
});

const kickUserSession = defineCommand({
  category: 'session',
  name: 'kickUserSession',
  kind: 'mutation',
  doc: 'End one session',
  args: { user: { type: 'FullJID', required: true, doc: 'The session.' }, reason },
  result: { type: 'KickUserResult', doc: 'The session that was ended.' },
  async run(context, args) {
    await requireAccount(context, args.user);
    const kicked = await context.sessions.kick(args.user, args.reason || DEFAULT_REASON);
    if (kicked.length > 0) return kickResult(args.user.toString());
    throw new CommandError('no_session', `There is no session ${args.user}`, { jid: args.user.toString() });
  },
});

const kickUser = defineCommand({
  category: 'session',
  name: 'kickUser',
  kind: 'mutation',
  doc: 'End all sessions of an account',
  args: { user: { type: 'BareJID', required: true, doc: 'The account.' }, reason },
  result: { type: '[KickUserResult!]', doc: 'The sessions that were ended.' },
  async run(context, args) {
    await requireAccount(context, args.user);
    const kicked = await context.sessions.kick(args.user, args.reason || DEFAULT_REASON);
    return kicked.toSorted().map(kickResult);
  },
});

export const sessionCommands = [
  countSessions,
  countUserResources,
  getUserResource,
  kickUser,
  kickUserSession,
  listSessions,
  listUserSessions,
];

/** All fields are always there, as a query that selects them all is answered. */
function kickResult(jid: string): { [key: string]: Plain } {
  return { jid, kicked: true, code: null, message: 'The session was ended' };
}

function describe({ server }: AdminContext, session: AdminSession): { [key: string]: Plain } {
  const { jid, ip, port, isSecure, priority = null, uptimeSeconds } = session;
  const connection = isSecure ? 'c2s_tls' : 'c2s';
  return { user: jid, connection, ip, port, priority, node: server.nodeName, uptime: uptimeSeconds };
}

async function sessionsOf(context: AdminContext, jid: Jid): Promise<AdminSession[]> {
  await requireAccount(context, jid);
  return byUser(await context.sessions.ofAccount(jid.bare));
}

/** The number of a session means the same in every answer. */
function byUser(list: readonly AdminSession[]): AdminSession[] {
  return list.toSorted((a, b) => (a.jid < b.jid ? -1 : a.jid > b.jid ? 1 : 0));
}

function resourceOf(jid: string): string {
  return jid.slice(jid.indexOf('/') + 1);
}

function requireServed({ accounts }: AdminContext, domain: string | undefined): void {
  if (domain === undefined || accounts.isServed(domain)) return;
  throw new CommandError('domain_not_found', `Domain ${domain} is not served here`, { domain });
}

async function requireAccount({ accounts }: AdminContext, jid: Jid): Promise<void> {
  if (accounts.isServed(jid.domain) && (await accounts.exists(jid.bare))) return;
  throw new CommandError('user_not_found', `There is no account ${jid.bare}`, { jid: jid.toString() });
}
