/** The form that tells what an archive may be asked by (XEP-0313 section 4.1.6). */
import { DataForm, type FormField } from '../../protocol/data-form.js';
import { type Element, el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

const BASIC: readonly FormField[] = [
  { name: 'with', type: 'jid-single' },
  { name: 'start', type: 'text-single' },
  { name: 'end', type: 'text-single' },
];
const EXTENDED: readonly FormField[] = [
  { name: 'before-id', type: 'text-single' },
  { name: 'after-id', type: 'text-single' },
  { name: 'include-groupchat', type: 'boolean' },
];
const IDS: FormField = { name: 'ids', type: 'list-multi' };
const FULL_TEXT: FormField = { name: '{urn:xmpp:fulltext:0}fulltext', type: 'text-single' };
const VALIDATE = 'http://jabber.org/protocol/xdata-validate';

export function queryForm(namespace: string, hasFullText: boolean): Element {
  const isExtended = namespace === ns.MAM;
  const fields = [...BASIC, ...(isExtended ? [...EXTENDED, IDS] : []), ...(hasFullText ? [FULL_TEXT] : [])];
  const form = new DataForm('form', { formType: namespace, fields }).toElement();
  // The list is open: there are as many ids as messages.
  const ids = form.childrenNamed('field').find((field) => field.attrs['var'] === 'ids');
  ids?.append(el('validate', { xmlns: VALIDATE, datatype: 'xs:string' }, el('open')));
  return el('query', { xmlns: namespace }, form);
}
