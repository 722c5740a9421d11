/** XEP-0055: finds accounts by what their vCards say, on a domain of its own. */
import type { Iq, IqAnswer, IqTable } from '../../core/routing/iq-table.js';
import { DataForm } from '../../protocol/data-form.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { type PageRequest, pageResult, parsePageRequest, RSM_NAMESPACE } from '../../protocol/rsm.js';
import { contactAddresses } from '../disco/api.js';
import { pageOf } from './result-page.js';
import { type Found, plainNames, type Vcards } from './vcards.js';

export const SEARCH = 'jabber:iq:search';

export interface DirectoryOptions {
  readonly vcards: Vcards;
  /** Largest number of results; no limit when unset. */
  readonly limit: number | undefined;
  /** The domain whose accounts are found on this domain of ours. */
  readonly hostOf: (directory: string) => string;
}

/** Serves the directory's requests on the table of its domain. */
export function serveDirectory(iqs: IqTable, options: DirectoryOptions): void {
  iqs.on('get', SEARCH, 'query', 'domain', ({ to }) => offer(to.domain, options.vcards));
  iqs.on('set', SEARCH, 'query', 'domain', (iq) => search(iq, options));
  iqs.on('get', ns.DISCO_INFO, 'query', 'domain', info);
  iqs.on('get', ns.DISCO_ITEMS, 'query', 'domain', items);
}

function offer(directory: string, { fields, plain }: Vcards): Element {
  const form = new DataForm('form', {
    title: `Search users in ${directory}`,
    instructions: ['Fill in fields to search for any matching user; * at the end stands for anything that follows'],
    formType: SEARCH,
    fields: fields.map(({ name, label }) => ({ name, label, type: 'text-single' })),
  });
  return el(
    'query',
    { xmlns: SEARCH },
    el('instructions', {}, 'Fill in one or more fields to search for any matching user'),
    Object.keys(plain).map((name) => el(name)),
    form.toElement(),
  );
}

async function search(iq: Iq, { vcards, limit, hostOf }: DirectoryOptions): Promise<IqAnswer> {
  const { payload } = iq;
  const form = DataForm.findIn(payload);
  if (form && (form.type !== 'submit' || (form.formType ?? SEARCH) !== SEARCH))
    return StanzaError.badRequest('the form is not a submission of the one that was offered');
  if (!form && !Object.keys(vcards.plain).some((name) => payload.child(name)))
    return StanzaError.badRequest('nothing is searched for');
  const page = parsePageRequest(payload);
  if (page === 'malformed') return StanzaError.badRequest('not a page of a result set');

  const asked = form ? askedByForm(form, vcards) : askedPlainly(payload, vcards);
  // Nothing asked is nothing found: the directory is not to be read from end to end by accident.
  const found = asked.size === 0 ? [] : await vcards.search(hostOf(iq.to.domain), asked, limit);
  if (found instanceof StanzaError) return found;
  return form ? formAnswer(found, page, iq.to.domain, vcards) : plainAnswer(found);
}

function askedByForm(form: DataForm, { fields }: Vcards): Map<string, string> {
  return withText(fields.map(({ name }) => [name, form.value(name)]));
}

function askedPlainly(payload: Element, { plain }: Vcards): Map<string, string> {
  return withText(Object.entries(plain).map(([name, field]) => [field, payload.childText(name)]));
}

function withText(values: readonly (readonly [string, string | undefined])[]): Map<string, string> {
  const asked = new Map<string, string>();
  for (const [field, value] of values) {
    const text = value?.trim() ?? '';
    if (text !== '') asked.set(field, text);
  }
  return asked;
}

function formAnswer(
  found: readonly Found[],
  page: PageRequest | undefined,
  directory: string,
  { columns }: Vcards,
): IqAnswer {
  const paged = pageOf(found, page ?? NO_PAGE, jidOf);
  if (!paged) return StanzaError.itemNotFound();
  const form = new DataForm('result', {
    title: `Search results for ${directory}`,
    formType: SEARCH,
    reported: [
      { name: 'jid', label: 'Jabber ID', type: 'jid-single' },
      ...columns.map(({ name, label }) => ({ name, label, type: 'text-single' as const })),
    ],
    items: paged.items.map((one) => [
      { name: 'jid', values: [jidOf(one)] },
      ...columns.map(({ name }) => ({ name, values: [one.values[name] ?? ''] })),
    ]),
  });
  return el('query', { xmlns: SEARCH }, form.toElement(), page && pageResult(paged.result));
}

function plainAnswer(found: readonly Found[]): Element {
  const results = found.map((one) =>
    el(
      'item',
      { jid: jidOf(one) },
      plainNames.map((name) => el(name, {}, one.plain[name])),
    ),
  );
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

function jidOf({ account }: Found): string {
  return `${account.local}@${account.domain}`;
}
