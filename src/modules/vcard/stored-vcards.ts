/** vCards that accounts have stored themselves, and the search in them. */
import type { AccountKey } from '../../core/storage/index.js';
import { searchFields } from './searchable.js';
import type { VcardCondition, VcardStore } from './vcard-store.js';
import type { Found, Vcards } from './vcards.js';

export class StoredVcards implements Vcards {
  readonly fields = searchFields;
  readonly columns = searchFields.filter(({ field }) => field !== 'user');
  readonly plain = { first: 'first', last: 'last', nick: 'nick', email: 'email' };
  readonly #store: VcardStore;

  constructor(store: VcardStore) {
    this.#store = store;
  }

  get(account: AccountKey): Promise<string | undefined> {
    return this.#store.get(account);
  }

  async search(domain: string, asked: ReadonlyMap<string, string>, limit: number | undefined): Promise<Found[]> {
    const found = await this.#store.search(domain, conditionsOf(asked), limit);
    return found.map(({ account, fields }) => {
      const { given, family, nickname, email } = fields;
      return {
        account,
        values: Object.fromEntries(
          this.columns.map(({ name, field }) => [name, field === 'user' ? '' : fields[field]]),
        ),
        plain: { first: given, last: family, nick: nickname, email },
      };
    });
  }
}

function conditionsOf(asked: ReadonlyMap<string, string>): VcardCondition[] {
  return searchFields.flatMap(({ name, field }) => {
    const text = asked.get(name);
    if (text === undefined) return [];
    const isPrefix = text.endsWith('*');
    return [{ field, value: isPrefix ? text.slice(0, -1) : text, isPrefix }];
  });
}
