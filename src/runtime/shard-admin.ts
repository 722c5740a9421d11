/** What a shard does for administrators: questions about its sessions, and changes to the accounts at home in it. */
import type { AdminSession } from '../admin/context.js';
import type { Session } from '../core/sessions/session.js';
import type { Sessions } from '../core/sessions/sessions.js';
import type { EnginePort } from '../engine/port.js';
import type { C2sServices } from '../net/c2s/c2s-services.js';
import { StreamError } from '../protocol/errors.js';
import type { Jid } from '../protocol/jid.js';
import type { RunningHost } from './hosts.js';
import type { ShardTls, TlsChange } from './shard-tls.js';

export interface AdminParts {
  readonly engine: EnginePort;
  readonly sessions: Sessions;
  readonly hosts: readonly RunningHost[];
  readonly c2s: Pick<C2sServices, 'addresses' | 'admission'>;
  readonly jid: (text: string) => Jid | undefined;
  readonly tls: ShardTls;
}

/** A session in plain data. */
export interface SessionFacts extends AdminSession {
  /** `available`, one of the `show` values, or empty while no presence was sent. */
  readonly status: string;
  readonly statusText: string;
}

export type AdminWork = (name: string, args: unknown) => Promise<unknown>;

interface AccountArgs {
  readonly jid: string;
  readonly password?: string;
  readonly reason?: string;
}

export function serveAdmin(parts: AdminParts): AdminWork {
  const { sessions } = parts;
  const works: Record<string, (args: never) => unknown> = {
    'account.exists': ({ jid }: AccountArgs) => accountsOf(parts, jid).exists(address(parts, jid)),
    'account.plainPassword': ({ jid }: AccountArgs) => accountsOf(parts, jid).plainPassword(address(parts, jid)),
    'account.checkPassword': ({ jid, password = '' }: AccountArgs) =>
      accountsOf(parts, jid).checkPassword(address(parts, jid), password),
    'account.register': ({ jid, password = '' }: AccountArgs) =>
      accountsOf(parts, jid).register(address(parts, jid), password),
    'account.changePassword': ({ jid, password = '' }: AccountArgs) =>
      accountsOf(parts, jid).changePassword(address(parts, jid), password),
    'account.remove': ({ jid }: AccountArgs) => accountsOf(parts, jid).remove(address(parts, jid)),
    'account.ban': async ({ jid, reason = '' }: AccountArgs) => {
      const outcome = await accountsOf(parts, jid).ban(address(parts, jid), reason);
      if (outcome === 'changed') kick(parts, address(parts, jid), `Banned: ${reason}`);
      return outcome;
    },
    'account.list': ({ domain, limit, index }: { domain: string; limit?: number; index?: number }) =>
      hostOf(parts, domain).accounts.list(domain, { limit, index }),
    'account.count': ({ domain }: { domain: string }) => hostOf(parts, domain).accounts.count(domain),
    'session.list': ({ domain }: { domain?: string }) =>
      [...sessions.all()].filter(({ jid }) => domain === undefined || jid.domain === domain).map(facts),
    'session.count': ({ domain }: { domain?: string }) =>
      domain === undefined ? sessions.count : [...sessions.all()].filter(({ jid }) => jid.domain === domain).length,
    'session.listUser': ({ jid }: AccountArgs) =>
      [...(sessions.account(address(parts, jid))?.sessions() ?? [])].map(facts),
    'session.kick': ({ jid, reason = 'Kicked by an administrator' }: AccountArgs) =>
      kick(parts, address(parts, jid), reason),
    'tls.prepare': ({ changes }: { changes: readonly TlsChange[] }) => parts.tls.prepare(changes),
    'tls.commit': () => parts.tls.commit(),
    'tls.abandon': () => parts.tls.abandon(),
    'server.counters': () => ({
      ...parts.engine.counters(),
      sessions: sessions.count,
      ...parts.c2s.admission.counters,
      addressesRefused: parts.c2s.addresses.refused,
    }),
  };
  return async (name, args) => {
    const work = works[name];
    if (!work) throw new Error(`a shard does not know ${name}`);
    return work(args as never);
  };
}

/** Ends the sessions of a bare JID, or the one of a full JID. Returns the addresses of those that were there. */
function kick({ sessions }: AdminParts, jid: Jid, reason: string): string[] {
  const account = sessions.account(jid);
  const all = [...(account?.sessions() ?? [])].filter((session) => jid.isBare || session.jid.equals(jid));
  for (const session of all) sessions.evict(session, new StreamError('policy-violation', reason), 'kicked');
  return all.map((session) => session.jid.toString());
}

function facts(session: Session): SessionFacts {
  const presence = session.presence?.tree();
  return {
    jid: session.jid.toString(),
    ip: session.link.address.ip,
    port: session.link.address.port,
    isSecure: session.link.isSecure,
    priority: session.isAvailable ? session.priority : undefined,
    uptimeSeconds: Math.floor((Date.now() - session.openedAt) / 1_000),
    status: presence ? (presence.childText('show') ?? 'available') : '',
    statusText: presence?.childText('status') ?? '',
  };
}

function address(parts: AdminParts, text: string): Jid {
  const jid = parts.jid(text);
  if (!jid) throw new Error(`${text} is not an address`);
  return jid;
}

function hostOf({ hosts }: AdminParts, domain: string): RunningHost {
  const found = hosts.find(({ host }) => host.config.domains.includes(domain));
  if (!found) throw new Error(`domain ${domain} is not served here`);
  return found;
}

function accountsOf(parts: AdminParts, jid: string): RunningHost['accounts'] {
  return hostOf(parts, address(parts, jid).domain).accounts;
}
