/** Which entry of a directory belongs to which account, by the attributes that hold names of accounts. */
import type { DirectoryEntry } from '../../core/directory/directory.js';
import type { AccountKey } from '../../core/storage/index.js';
import type { VcardLdap } from '../../platform/config/index.js';
import { fillFilter, type LdapFilter, octets, parseLdapFilter, piecesOf } from '../../platform/ldap-filter.js';
import { octetValues, textOf } from './ldap-values.js';

export class LdapNames {
  readonly #uids: VcardLdap['uids'];
  /** With `%u` and `%d` in it. */
  readonly #names: LdapFilter;
  readonly #filter: LdapFilter | undefined;

  constructor({ uids, filter }: Pick<VcardLdap, 'uids' | 'filter'>) {
    this.#uids = uids;
    const names = uids.map(({ attr, format }) => checked(`(${attr}=${format})`));
    this.#names = names.length === 1 ? (names[0] as LdapFilter) : { is: 'or', of: names };
    this.#filter = filter === '' ? undefined : checked(filter);
  }

  get attributes(): string[] {
    return this.#uids.map(({ attr }) => attr);
  }

  /** Finds the entry of one account. */
  entryOf({ local, domain }: AccountKey): LdapFilter {
    return this.#with(this.#names, [octets(local)], domain);
  }

  /** Finds the entries of all accounts. */
  everybody(domain: string): LdapFilter {
    return this.#with(this.#names, ['', ''], domain);
  }

  /** Finds the entries of accounts whose name has this text in it; an asterisk in it stands for anything. */
  named(text: string, domain: string): LdapFilter {
    return fillFilter(this.#names, { u: ['', ...piecesOf(text), ''], d: [octets(domain)] });
  }

  /** The localpart, not normalised yet, that an entry has in this domain; undefined when it has none. */
  localOf(entry: DirectoryEntry, domain: string): string | undefined {
    for (const { attr, format } of this.#uids) {
      const pattern = patternOf(format, domain);
      for (const value of octetValues(entry, attr)) {
        const local = pattern.exec(textOf(value))?.[1];
        if (local) return local;
      }
    }
    return undefined;
  }

  #with(names: LdapFilter, u: readonly string[], domain: string): LdapFilter {
    const all: LdapFilter = this.#filter ? { is: 'and', of: [names, this.#filter] } : names;
    return fillFilter(all, { u, d: [octets(domain)] });
  }
}

/** The format as an expression whose only group is the name. */
function patternOf(format: string, domain: string): RegExp {
  const parts = format.split(/(%u|%d|\*)/).map((part) => {
    if (part === '%u') return '(.+)';
    if (part === '*') return '.*';
    return (part === '%d' ? domain : part).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  });
  return new RegExp(`^${parts.join('')}$`, 'isu');
}

/** The configuration was checked: one that cannot be read is a bug. */
function checked(text: string): LdapFilter {
  const filter = parseLdapFilter(text);
  if ('problem' in filter) throw new Error(`the filter ${text} ${filter.problem}`);
  return filter;
}
