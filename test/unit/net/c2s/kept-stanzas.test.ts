import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
import { Sharing } from '../../../../src/core/routing/handed.js';
import { KeptStanzas } from '../../../../src/net/c2s/kept-stanzas.js';
import { el } from '../../../../src/protocol/element.js';
import { Stanza } from '../../../../src/protocol/stanza.js';

const message = (id: string) => Stanza.fromElement(el('message', { xmlns: 'jabber:client', id }), undefined, undefined);
const ids = (kept: KeptStanzas) => kept.take().map(({ stanza }) => stanza.id);

function filled(count: number, most = 1_000): KeptStanzas {
  const kept = new KeptStanzas(most);
  // Every second frame is something else.
  for (let number = 1; number <= count; number++) kept.add(number * 2, message(`m${number}`), 10, number);
  return kept;
}

describe('what a client may not have yet', () => {
  it('is what came behind the last frame that it has, in order', () => {
    const kept = filled(40);
    kept.delivered(7);
    kept.delivered(3);
    kept.delivered(60);
    expect(ids(kept)).toEqual(Array.from({ length: 10 }, (_, index) => `m${index + 31}`));
    expect(kept.isEmpty).toBe(true);
    expect(kept.size).toBe(0);
  });

  it('is nothing once the client has all', () => {
    const kept = filled(3);
    kept.delivered(5);
    expect(kept.isEmpty).toBe(false);
    kept.delivered(6);
    expect(kept.isEmpty).toBe(true);
  });

  it('is bounded: the oldest give way, and the latest stays however large it is', () => {
    const kept = filled(5, 30);
    expect(kept.size).toBe(30);
    kept.add(12, message('large'), 500, 0);
    expect(ids(kept)).toEqual(['large']);
  });

  it('lets go of the memory of those that gave way, also while the client says nothing', async () => {
    setFlagsFromString('--expose-gc');
    const collect = runInNewContext('gc') as () => void;
    const kept = new KeptStanzas(1_000);
    const add = (number: number) => {
      const one = message(`m${number}`);
      kept.add(number, one, 10, 0);
      return new WeakRef(one);
    };
    const oldest = add(1);
    for (let number = 2; number <= 500; number++) add(number);
    // What a reference was made to in this turn stays until its end.
    await new Promise(setImmediate);
    collect();
    expect(oldest.deref()).toBeUndefined();
    expect(ids(kept)).toHaveLength(100);
  });

  it('counts as taken for all who have it once this client has it', () => {
    const kept = new KeptStanzas(1_000);
    const [first, last] = [message('first'), message('last')];
    const sharing = new Sharing(first, []);
    kept.add(1, first, 10, 0);
    kept.shared(first, sharing);
    kept.add(2, last, 10, 0);
    // Of what is not the latest there is nothing to be told.
    kept.shared(first, new Sharing(first, []));
    expect(sharing.isTaken).toBe(false);
    kept.delivered(1);
    expect(sharing.isTaken).toBe(true);
    expect(kept.take()).toMatchObject([{ stanza: last, sharing: undefined }]);
  });
});
