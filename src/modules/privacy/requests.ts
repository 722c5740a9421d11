/** Answers requests for privacy lists (XEP-0016 sections 2.3 to 2.8). */
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import type { Session } from '../../core/sessions/session.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import type { ListKeeper } from './list-keeper.js';
import { listElement, nameElement, parseRequest, query } from './list-markup.js';
import type { ListLimits, PrivacyLists } from './privacy-lists.js';

/** The request is of the account's own session. */
export async function answerGet(
  { payload, session, to }: Iq,
  lists: PrivacyLists,
  keeper: ListKeeper,
): Promise<IqAnswer> {
  const [child, ...more] = payload.elements();
  if (!child) return names(session as Session, lists, keeper);
  const name = child.attrs['name'];
  if (more.length > 0 || !child.is('list', ns.PRIVACY) || name === undefined)
    return StanzaError.badRequest('exactly one list with a name can be asked for');
  const list = await lists.list(to.bare, name);
  return list ? query(listElement(list)) : StanzaError.itemNotFound();
}

async function names(session: Session, lists: PrivacyLists, keeper: ListKeeper): Promise<IqAnswer> {
  const active = keeper.active(session)?.name;
  const kept = await lists.names(session.account.jid);
  return query(
    ...(active === undefined ? [] : [nameElement('active', active)]),
    ...(kept.default === undefined ? [] : [nameElement('default', kept.default)]),
    ...kept.lists.map((name) => nameElement('list', name)),
  );
}

/** The request is of the account's own session. */
export async function answerSet({ payload, session }: Iq, lists: PrivacyLists, limits: ListLimits): Promise<IqAnswer> {
  const request = parseRequest(payload, limits.maxItems);
  if (request instanceof StanzaError) return request;
  const by = session as Session;
  switch (request.what) {
    case 'active':
      return lists.activate(by, request.name);
    case 'default':
      return lists.setDefault(by, request.name);
    case 'remove':
      return lists.remove(by, request.name);
    case 'edit':
      return lists.edit(by, request.name, request.items);
  }
}
