/** vCards that are made from the entries of an LDAP directory, which nobody changes from here. */
import type { Directory, DirectoryEntry } from '../../core/directory/directory.js';
import { type AccountKey, StorageError } from '../../core/storage/index.js';
import type { VcardLdap, VcardMapping } from '../../platform/config/index.js';
import { type LdapFilter, piecesOf } from '../../platform/ldap-filter.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { vcardOf } from './ldap-card.js';
import { LdapNames } from './ldap-names.js';
import { base64Of, fieldValue, textOf } from './ldap-values.js';
import { type DirectoryField, type Found, type PlainName, plainNames, type Vcards } from './vcards.js';

export interface LdapVcardsOptions {
  readonly settings: VcardLdap;
  readonly directory: Directory;
  /** Whether an account is there: whoever has none here has no vCard here either. */
  readonly exists: (account: AccountKey) => Promise<boolean>;
}

/** The names that columns and plain searches have for fields of vCards. */
const ALIASES: Readonly<Record<string, string>> = { FIRST: 'GIVEN', LAST: 'FAMILY', NICK: 'NICKNAME' };

export class LdapVcards implements Vcards {
  readonly fields: readonly DirectoryField[];
  readonly columns: readonly DirectoryField[];
  readonly plain: Readonly<Partial<Record<PlainName, string>>>;
  readonly #options: LdapVcardsOptions;
  readonly #names: LdapNames;
  readonly #map: ReadonlyMap<string, VcardMapping>;
  readonly #binary: ReadonlySet<string>;

  constructor(options: LdapVcardsOptions) {
    const { vcard_map, search_fields, search_reported, binary_search_fields } = options.settings;
    this.#options = options;
    this.#names = new LdapNames(options.settings);
    this.#map = new Map(vcard_map.map((mapping) => [mapping.vcard_field.toUpperCase(), mapping]));
    this.fields = unique(
      search_fields.map(({ search_field, ldap_field }) => ({ name: ldap_field, label: search_field })),
    );
    this.columns = unique(
      search_reported.map(({ search_field, vcard_field }) => ({ name: vcard_field, label: search_field })),
    );
    const isBinary = ({ name, label }: DirectoryField) =>
      [name, label].some((one) => binary_search_fields.includes(one));
    this.#binary = new Set(this.columns.filter(isBinary).map(({ name }) => name));
    this.plain = Object.fromEntries(plainNames.flatMap((name) => this.#plainField(name)));
  }

  /** Whether cards may have photos. */
  get hasPhotos(): boolean {
    return this.#map.has('PHOTO');
  }

  async get(account: AccountKey): Promise<string | undefined | StanzaError> {
    return (await this.#options.exists(account)) ? this.read(account) : undefined;
  }

  /** Of an account that is known to be there. */
  read(account: AccountKey): Promise<string | undefined | StanzaError> {
    return answered(this.#read(account));
  }

  async #read(account: AccountKey): Promise<string | undefined> {
    const [entry] = await this.#search(this.#names.entryOf(account), [...this.#map.values()], 1);
    if (!entry) return undefined;
    return vcardOf((field) => this.#value(field, entry, account)).toXml();
  }

  search(
    domain: string,
    asked: ReadonlyMap<string, string>,
    limit: number | undefined,
  ): Promise<readonly Found[] | StanzaError> {
    return limit === 0 ? Promise.resolve([]) : answered(this.#find(domain, asked, limit));
  }

  async #find(domain: string, asked: ReadonlyMap<string, string>, limit: number | undefined): Promise<Found[]> {
    const { search_operator } = this.#options.settings;
    const conditions = [...asked].map(([field, text]): LdapFilter => {
      if (field === '%u') return this.#names.named(text, domain);
      return { is: 'match', attribute: field, pieces: piecesOf(text) };
    });
    const filter: LdapFilter = {
      is: 'and',
      of: [this.#names.everybody(domain), { is: search_operator, of: conditions }],
    };
    const shown = [...this.columns.map(({ name }) => name), ...plainNames].flatMap((name) => this.#mapping(name) ?? []);
    const entries = await this.#search(filter, shown, limit);
    const found = await Promise.all(entries.map((entry) => this.#found(entry, domain)));
    const byAccount = new Map(found.flatMap((one) => (one ? [[one.account.local, one]] : [])));
    return [...byAccount.values()].sort((one, other) => (one.account.local < other.account.local ? -1 : 1));
  }

  #search(filter: LdapFilter, mappings: readonly VcardMapping[], limit?: number): Promise<readonly DirectoryEntry[]> {
    const { directory, settings } = this.#options;
    const named = mappings.map(({ ldap_field }) => ldap_field).filter((name) => name !== '');
    const attributes = [...new Set([...this.#names.attributes, ...named])];
    return directory.search({ base: settings.base, filter, attributes, deref: settings.deref, limit });
  }

  async #found(entry: DirectoryEntry, domain: string): Promise<Found | undefined> {
    const local = this.#names.localOf(entry, domain);
    const account = local === undefined ? undefined : Jid.parse(`${local}@${domain}`);
    if (!account?.isBare || account.domain !== domain || !(await this.#options.exists(account))) return undefined;
    const text = (field: string) => {
      const value = this.#value(field, entry, account);
      return value === undefined ? '' : textOf(value);
    };
    const column = (name: string) => {
      return this.#binary.has(name) ? base64Of(this.#value(name, entry, account) ?? '') : text(name);
    };
    return {
      account: { local: account.local, domain },
      values: Object.fromEntries(this.columns.map(({ name }) => [name, column(name)])),
      plain: { first: text('FIRST'), last: text('LAST'), nick: text('NICK'), email: text('EMAIL') },
    };
  }

  #mapping(field: string): VcardMapping | undefined {
    const name = field.toUpperCase();
    return this.#map.get(name) ?? this.#map.get(ALIASES[name] ?? '');
  }

  #value(field: string, entry: DirectoryEntry, account: AccountKey): string | undefined {
    const mapping = this.#mapping(field);
    return mapping && fieldValue(mapping, entry, account);
  }

  /** The field of the form that a plain name means: the one for the attribute that the vCard has it from. */
  #plainField(name: PlainName): [PlainName, string][] {
    const mapping = this.#mapping(name);
    const source = mapping?.ldap_pattern === '%s' ? mapping.ldap_field : mapping?.ldap_pattern;
    const field = this.fields.find((one) => one.name.toLowerCase() === source?.toLowerCase());
    return field ? [[name, field.name]] : [];
  }
}

/** XEP-0004 section 3.2: a field is known by its name, so the first of a name counts. */
function unique(fields: readonly DirectoryField[]): DirectoryField[] {
  return fields.filter(({ name }, index) => fields.findIndex((field) => field.name === name) === index);
}

/** What is worth another try later is told as such. */
async function answered<T>(work: Promise<T>): Promise<T | StanzaError> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StorageError) {
      if (error.code === 'timeout') return StanzaError.remoteServerTimeout('the directory does not answer');
      if (error.code === 'overloaded') return StanzaError.resourceConstraint('the directory has too much to do');
    }
    throw error;
  }
}
