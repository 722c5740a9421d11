/** XEP-0055: finds accounts by what their vCards say, on a domain of its own. */
import type { Iq, IqAnswer, IqTable } from '../../core/routing/iq-table.js';
import { DataForm } from '../../protocol/data-form.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { type PageRequest, pageResult, parsePageRequest, RSM_NAMESPACE } from '../../protocol/rsm.js';
import { contactAddresses } from '../disco/api.js';
import { pageOf } from './result-page.js';
import { searchFields } from './searchable.js';
import type { FoundVcard, VcardCondition, VcardStore } from './vcard-store.js';

export const SEARCH = 'jabber:iq:search';

/** XEP-0055 section 2: the fields that do without a form. */
const PLAIN_FIELDS = ['first', 'last', 'nick', 'email'];

export interface DirectoryOptions {
  readonly vcards: VcardStore;
  /** Largest number of results; no limit when unset. */
  readonly limit: number | undefined;
  /** The domain whose accounts are found on this domain of ours. */
  readonly hostOf: (directory: string) => string;
}

/** Serves the directory's requests on the table of its domain. */
export function serveDirectory(iqs: IqTable, options: DirectoryOptions): void {
  iqs.on('get', SEARCH, 'query', 'domain', ({ to }) => offer(to.domain));
  iqs.on('set', SEARCH, 'query', 'domain', (iq) => search(iq, options));
  iqs.on('get', ns.DISCO_INFO, 'query', 'domain', info);
  iqs.on('get', ns.DISCO_ITEMS, 'query', 'domain', items);
}

function offer(directory: string): Element {
  const form = new DataForm('form', {
    title: `Search users in ${directory}`,
    instructions: ['Fill in fields to search for any matching user; * at the end stands for anything that follows'],
    formType: SEARCH,
    fields: searchFields.map(({ name, label }) => ({ name, label, type: 'text-single' })),
  });
  return el(
    'query',
    { xmlns: SEARCH },
    el('instructions', {}, 'Fill in one or more fields to search for any matching user'),
    PLAIN_FIELDS.map((name) => el(name)),
    form.toElement(),
  );
}

async function search(iq: Iq, { vcards, limit, hostOf }: DirectoryOptions): Promise<IqAnswer> {
  const { payload } = iq;
  const form = DataForm.findIn(payload);
  if (form && (form.type !== 'submit' || (form.formType ?? SEARCH) !== SEARCH))
    return StanzaError.badRequest('the form is not a submission of the one that was offered');
  if (!form && !PLAIN_FIELDS.some((name) => payload.child(name)))
    return StanzaError.badRequest('nothing is searched for');
  const page = parsePageRequest(payload);
  if (page === 'malformed') return StanzaError.badRequest('not a page of a result set');

  const conditions = conditionsOf((name) => (form ? form.value(name) : payload.childText(name)));
  // Nothing asked is nothing found: the directory is not to be read from end to end by accident.
  const found = conditions.length === 0 ? [] : await vcards.search(hostOf(iq.to.domain), conditions, limit);
  return form ? formAnswer(found, page, iq.to.domain) : plainAnswer(found);
}

function conditionsOf(value: (name: string) => string | undefined): VcardCondition[] {
  return searchFields.flatMap(({ name, field }) => {
    const text = value(name)?.trim() ?? '';
    if (text === '') return [];
    const isPrefix = text.endsWith('*');
    return [{ field, value: isPrefix ? text.slice(0, -1) : text, isPrefix }];
  });
}

function formAnswer(found: readonly FoundVcard[], page: PageRequest | undefined, directory: string): IqAnswer {
  const paged = pageOf(found, page ?? NO_PAGE, jidOf);
  if (!paged) return StanzaError.itemNotFound();
  const form = new DataForm('result', {
    title: `Search results for ${directory}`,
    formType: SEARCH,
    reported: [
      { name: 'jid', label: 'Jabber ID', type: 'jid-single' },
      ...REPORTED.map(({ name, label }) => ({ name, label, type: 'text-single' as const })),
    ],
    items: paged.items.map((one) => [
      { name: 'jid', values: [jidOf(one)] },
      ...REPORTED.map(({ name, field }) => ({ name, values: [field === 'user' ? '' : one.fields[field]] })),
    ]),
  });
  return el('query', { xmlns: SEARCH }, form.toElement(), page && pageResult(paged.result));
}

function plainAnswer(found: readonly FoundVcard[]): Element {
  const results = found.map((one) => {
    const { given, family, nickname, email } = one.fields;
    const texts = { first: given, last: family, nick: nickname, email };
    return el(
      'item',
      { jid: jidOf(one) },
      Object.entries(texts).map(([name, text]) => el(name, {}, text)),
    );
  });
  return el('query', { xmlns: SEARCH }, results);
}

function info({ host, payload }: Iq): IqAnswer {
  if (payload.attrs['node']) return StanzaError.itemNotFound();
  const identity = el('identity', { category: 'directory', type: 'user', name: 'vCard User Search' });
  const features = [ns.DISCO_INFO, ns.DISCO_ITEMS, RSM_NAMESPACE, SEARCH, ns.VCARD];
  return el(
    'query',
    { xmlns: ns.DISCO_INFO },
    identity,
    features.map((name) => el('feature', { var: name })),
    contactAddresses(host, 'mod_vcard'),
  );
}

function items({ payload }: Iq): IqAnswer {
  return payload.attrs['node'] ? StanzaError.itemNotFound() : el('query', { xmlns: ns.DISCO_ITEMS });
}

const NO_PAGE: PageRequest = { max: undefined, before: undefined, after: undefined, index: undefined };
const REPORTED = searchFields.filter(({ field }) => field !== 'user');

function jidOf({ account }: FoundVcard): string {
  return `${account.local}@${account.domain}`;
}
