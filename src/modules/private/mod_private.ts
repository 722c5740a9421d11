/** XEP-0049: keeps XML of the user's own choosing, one element per namespace. */
import { accountRemoved } from '../../core/accounts/hooks.js';
import { order } from '../../core/hooks/order.js';
import { KeyedQueue } from '../../core/keyed-queue.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { type PrivateSize, privateStore } from './private-store.js';

/** The width of the column that holds a namespace. */
const MAX_NAMESPACE_LENGTH = 250;

export default defineModule({
  name: 'mod_private',
  xeps: [{ number: 49, version: '1.2', status: 'complete' }],
  stores: { data: privateStore },
  features: [ns.PRIVATE],

  start(scope) {
    const { data } = scope.stores;
    const { config } = scope;
    /** What one account keeps is measured and written in order. */
    const turns = new KeyedQueue();
    scope.iq('get', ns.PRIVATE, 'query', onGet, 'account');
    scope.iq('set', ns.PRIVATE, 'query', onSet, 'account');
    scope.on(accountRemoved, order.cleanup, ({ account }) => data.removeAccount(account));

    async function onGet(iq: Iq): Promise<IqAnswer> {
      const elements = requested(iq);
      if (elements instanceof StanzaError) return elements;
      // A namespace that is asked for many times is answered once: an answer is never larger than what is kept.
      const asked = [...new Map(elements.map((element) => [element.ns, element])).values()];
      const answers = asked.length === 1 ? [await one(iq.to, asked[0] as Element)] : await several(iq.to, asked);
      return el('query', { xmlns: ns.PRIVATE }, answers);
    }

    async function one(account: Jid, asked: Element): Promise<Element> {
      return restored(await data.get(account, asked.ns), asked);
    }

    async function several(account: Jid, asked: readonly Element[]): Promise<Element[]> {
      const kept = new Map((await data.all(account)).map(({ namespace, xml }) => [namespace, xml]));
      return asked.map((element) => restored(kept.get(element.ns), element));
    }

    /** XEP-0049 section 2.3: what was never kept comes back empty. */
    function restored(xml: string | undefined, asked: Element): Element {
      return (xml !== undefined && scope.services.parse(xml)) || el(asked.name, { xmlns: asked.ns });
    }

    async function onSet(iq: Iq): Promise<IqAnswer> {
      const elements = requested(iq);
      if (elements instanceof StanzaError) return elements;
      const wanted = new Map(elements.map((element) => [element.ns, element.toXml()]));
      return turns.run(iq.to.toString(), async () => {
        if (exceeds(await data.sizes(iq.to), wanted)) return StanzaError.resourceConstraint('too much private data');
        await data.put(
          iq.to,
          [...wanted].map(([namespace, xml]) => ({ namespace, xml })),
        );
        return undefined;
      });
    }

    /** Whether the account would have too much, and more than before. */
    function exceeds(kept: readonly PrivateSize[], wanted: ReadonlyMap<string, string>): boolean {
      const before = sum(kept.map(({ bytes }) => bytes));
      const staying = kept.filter(({ namespace }) => !wanted.has(namespace));
      const after =
        sum(staying.map(({ bytes }) => bytes)) + sum([...wanted.values()].map((xml) => Buffer.byteLength(xml)));
      const count = staying.length + wanted.size;
      return (
        (after > before && after > limitOf(config.max_size)) ||
        (count > kept.length && count > limitOf(config.max_elements))
      );
    }
  },
});

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, size) => total + size, 0);
}

function limitOf(option: number | 'infinity'): number {
  return option === 'infinity' ? Number.POSITIVE_INFINITY : option;
}

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
