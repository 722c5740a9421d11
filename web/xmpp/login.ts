/** From an open socket to a session: account, login, resource or resumption. */

import { Failure } from './failure.js';
import { domainOf, localOf } from './jid.js';
import { ns } from './namespaces.js';
import { randomToken } from './random.js';
import { authenticate, type Surroundings } from './sasl.js';
import type { XmppStream } from './stream.js';
import { StreamManagement } from './stream-management.js';
import { type Xml, xml } from './xml.js';

export interface Account {
  /** Bare. */
  readonly jid: string;
  readonly password: string;
}

export interface LoginOptions {
  readonly account: Account;
  readonly surroundings: Surroundings;
  /** Makes the account first. */
  readonly isNew?: boolean;
  /** The session to go on with. */
  readonly previous?: Established | undefined;
}

export interface Established {
  /** Full. */
  readonly jid: string;
  readonly management: StreamManagement | undefined;
  /** The server holds back what can wait from a client that nobody looks at (XEP-0352). */
  readonly canRest: boolean;
}

export interface LoginOutcome extends Established {
  readonly isResumed: boolean;
  /** Of the session before: the server had taken these. */
  readonly acknowledged: readonly Xml[];
}

/** Rejects with a `Failure`. */
export async function login(stream: XmppStream, options: LoginOptions): Promise<LoginOutcome> {
  const { account, surroundings, isNew, previous } = options;
  const domain = domainOf(account.jid);
  const features = await stream.open(domain);
  if (isNew) await register(stream, features, account, surroundings);
  const credentials = { username: localOf(account.jid), password: account.password };
  await authenticate(stream, features, credentials, surroundings);
  const inside = await stream.open(domain);
  const acknowledged: Xml[] = [];
  const canRest = inside.child('csi', ns.CSI) !== undefined;
  if (previous?.management?.id !== undefined && inside.child('sm', ns.SM)) {
    const isResumed = await resume(stream, previous.management, acknowledged);
    if (isResumed) return { ...previous, canRest, isResumed, acknowledged };
  }
  const jid = await bind(stream);
  const management = inside.child('sm', ns.SM) ? await enable(stream) : undefined;
  return { jid, management, canRest, isResumed: false, acknowledged };
}

/** XEP-0077 section 3.1: the password goes as it is, so only where nobody reads along. */
async function register(
  stream: XmppStream,
  features: Xml,
  account: Account,
  surroundings: Surroundings,
): Promise<void> {
  if (!features.child('register', ns.REGISTER_FEATURE)) throw new Failure('registration-closed');
  if (!surroundings.isPrivate) throw new Failure('not-private');
  const fields = [
    xml('username', ns.REGISTER, {}, localOf(account.jid)),
    xml('password', ns.REGISTER, {}, account.password),
  ];
  await ask(stream, xml('query', ns.REGISTER, {}, ...fields), domainOf(account.jid));
}

async function bind(stream: XmppStream): Promise<string> {
  const resource = `meerkat-web-${randomToken().slice(0, 8)}`;
  const result = await ask(stream, xml('bind', ns.BIND, {}, xml('resource', ns.BIND, {}, resource)));
  const jid = result.child('bind', ns.BIND)?.childText('jid');
  if (jid === undefined) throw new Failure('undefined-condition', 'bound without an address');
  return jid;
}

async function enable(stream: XmppStream): Promise<StreamManagement | undefined> {
  stream.send(xml('enable', ns.SM, { resume: 'true' }));
  const answer = await stream.next();
  if (!answer.is('enabled', ns.SM)) return undefined;
  const { id, resume: canResume } = answer.attrs;
  return new StreamManagement(canResume === 'true' || canResume === '1' ? id : undefined);
}

async function resume(stream: XmppStream, management: StreamManagement, acknowledged: Xml[]): Promise<boolean> {
  stream.send(management.resume);
  const answer = await stream.next();
  // XEP-0198 section 5: also a refusal may tell what had been taken.
  acknowledged.push(...management.acknowledged(answer.attrs['h']));
  if (!answer.is('resumed', ns.SM)) return false;
  for (const stanza of management.unacknowledged) stream.send(stanza);
  return true;
}

/** One request while nothing else is on the stream. */
async function ask(stream: XmppStream, payload: Xml, to?: string): Promise<Xml> {
  const id = randomToken();
  stream.send(xml('iq', ns.CLIENT, { type: 'set', id, to }, payload));
  const answer = await stream.next();
  if (answer.name !== 'iq' || answer.attrs['id'] !== id) {
    throw new Failure('undefined-condition', `<${answer.name}/> in place of an answer`);
  }
  if (answer.attrs['type'] !== 'result') throw Failure.ofStanza(answer);
  return answer;
}
