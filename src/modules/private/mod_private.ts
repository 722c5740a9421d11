/** XEP-0049: keeps XML of the user's own choosing, one element per namespace. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { privateStore } from './private-store.js';

/** The width of the column that holds a namespace. */
const MAX_NAMESPACE_LENGTH = 250;

export default defineModule({
  name: 'mod_private',
  xeps: [{ number: 49, version: '1.2', status: 'complete' }],
  stores: { data: privateStore },
  features: [ns.PRIVATE],

  start(scope) {
    const { data } = scope.stores;
    scope.iq('get', ns.PRIVATE, 'query', onGet, 'account');
    scope.iq('set', ns.PRIVATE, 'query', onSet, 'account');
    scope.on(accountRemoved, order.cleanup, ({ account }) => data.removeAccount(account));

    async function onGet(iq: Iq): Promise<IqAnswer> {
      const elements = requested(iq);
      if (elements instanceof StanzaError) return elements;
      const answers = await Promise.all(
        elements.map(async (asked) => {
          const xml = await data.get(iq.to, asked.ns);
          const kept = xml === undefined ? undefined : scope.services.parse(xml);
          return kept ?? el(asked.name, { xmlns: asked.ns });
        }),
      );
      return el('query', { xmlns: ns.PRIVATE }, answers);
    }

    async function onSet(iq: Iq): Promise<IqAnswer> {
      const elements = requested(iq);
      if (elements instanceof StanzaError) return elements;
      await data.put(
        iq.to,
        elements.map((element) => ({ namespace: element.ns, xml: element.toXml() })),
      );
      return undefined;
    }
  },
});

/** The elements of a request, all with namespaces of their own. */
function requested({ from, to, payload }: Iq): Element[] | StanzaError {
  if (!from.bare.equals(to.bare)) return StanzaError.forbidden();
  const elements = payload.elements();
  if (elements.length === 0) return StanzaError.badRequest('nothing is asked for');
  // XEP-0049 section 2.3: namespaces of the protocol itself are not for private data.
  const isWrong = elements.some(
    (one) => one.ns === ns.PRIVATE || one.ns === '' || one.ns.length > MAX_NAMESPACE_LENGTH,
  );
  if (isWrong) return StanzaError.notAcceptable('each element needs a namespace of its own, of at most 250 characters');
  return elements;
}
