/** What a client asks of an archive, read from its request (XEP-0313 sections 4.1 to 4.3). */
import { DataForm, parseBoolean } from '../../protocol/data-form.js';
import { parseDateTime } from '../../protocol/date-time.js';
import type { Element } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { type PageRequest, parsePageRequest } from '../../protocol/rsm.js';
import { firstIdAt, lastIdAt, MAX_ID, parseExternalId } from './archive-id.js';
import { searchWords } from './search-text.js';
import type { ArchiveSettings } from './settings.js';

export interface LookupRequest {
  readonly with?: Jid | undefined;
  /** Bounds by time and by id together; both included. */
  readonly fromId?: bigint | undefined;
  readonly toId?: bigint | undefined;
  readonly words?: readonly string[] | undefined;
  readonly withoutGroupchat: boolean;
  /** Exactly these messages. */
  readonly ids?: readonly bigint[] | undefined;
  /** Ids that the request names and that therefore have to be in the archive. */
  readonly named: readonly bigint[];
  readonly limit: number;
  readonly page: {
    readonly after?: bigint | undefined;
    readonly before?: bigint | undefined;
    readonly index?: number | undefined;
    /** The last page. */
    readonly isLast: boolean;
  };
  /** How many there are in all is not counted. */
  readonly isSimple: boolean;
  readonly isFlipped: boolean;
}

/** MongooseIM's older names beside that of XEP-0431. */
const TEXT_FIELDS = ['{urn:xmpp:fulltext:0}fulltext', 'fulltext', 'full-text-search'];
const FIELDS = new Set([
  ...['FORM_TYPE', 'with', 'start', 'end', 'before-id', 'after-id', 'ids', 'include-groupchat'],
  ...TEXT_FIELDS,
  // MongooseIM's own: bounds that are included, and a request without counting.
  ...['from-id', 'to-id', 'simple'],
]);
/** Each costs a look into the archive. */
const MAX_IDS = 500;
/** Times beyond this do not fit into an id. */
const MAX_MS = 8.64e15;

type Options = Pick<
  ArchiveSettings,
  'default_result_limit' | 'max_result_limit' | 'enforce_simple_queries' | 'full_text_search'
>;

class Refused extends Error {
  readonly answer: StanzaError;

  constructor(answer: StanzaError) {
    super(answer.condition);
    this.answer = answer;
  }
}

export function lookupRequest(query: Element, options: Options): LookupRequest | StanzaError {
  try {
    return read(query, options);
  } catch (error) {
    if (error instanceof Refused) return error.answer;
    throw error;
  }
}

function read(query: Element, options: Options): LookupRequest {
  const form = new Form(formIn(query, options));
  const rsm = parsePageRequest(query);
  if (rsm === 'malformed') throw new Refused(StanzaError.badRequest('The set is malformed'));
  const afterId = form.id('after-id');
  const beforeId = form.id('before-id');
  const ids = form.ids('ids');
  const page = pageOf(rsm);
  const named = [afterId, beforeId, page.after, page.before, ...(ids ?? [])].filter((id) => id !== undefined);
  const text = TEXT_FIELDS.map((field) => form.text(field)).find((value) => value !== undefined);
  return {
    with: form.jid('with'),
    fromId: greatest(
      form.time('start', firstIdAt),
      form.id('from-id'),
      afterId === undefined ? undefined : afterId + 1n,
    ),
    toId: least(form.time('end', lastIdAt), form.id('to-id'), beforeId === undefined ? undefined : beforeId - 1n),
    words: text === undefined ? undefined : searchWords(text),
    withoutGroupchat: form.boolean('include-groupchat') === false,
    ids,
    named,
    limit: Math.min(rsm?.max ?? options.default_result_limit, options.max_result_limit),
    page,
    isSimple: options.enforce_simple_queries || form.boolean('simple') === true,
    isFlipped: query.child('flip-page') !== undefined,
  };
}

function formIn(query: Element, { full_text_search }: Options): DataForm | undefined {
  const form = DataForm.findIn(query);
  for (const { name } of form?.fields ?? []) {
    // Section 4.1.6.
    if (name === undefined || !FIELDS.has(name) || (TEXT_FIELDS.includes(name) && !full_text_search))
      throw new Refused(StanzaError.featureNotImplemented(`The field ${name ?? ''} is not supported`));
  }
  const type = form?.value('FORM_TYPE');
  if (type !== undefined && type !== query.ns) throw new Refused(StanzaError.badRequest('The form is of another type'));
  return form;
}

/** XEP-0059 section 2: an empty `before` asks for the last page, an empty `after` for the first. */
function pageOf(rsm: PageRequest | undefined): LookupRequest['page'] {
  const id = (text: string | undefined) => (text === undefined || text === '' ? undefined : idOf(text));
  return { after: id(rsm?.after), before: id(rsm?.before), index: rsm?.index, isLast: rsm?.before === '' };
}

/** What no id is written as is in no archive (sections 4.1.4 and 4.3.2). */
function idOf(text: string): bigint {
  const id = parseExternalId(text);
  if (id === undefined) throw new Refused(StanzaError.itemNotFound('No message has this id'));
  return id;
}

class Form {
  readonly #form: DataForm | undefined;

  constructor(form: DataForm | undefined) {
    this.#form = form;
  }

  text(name: string): string | undefined {
    const value = this.#form?.value(name);
    return value === '' ? undefined : value;
  }

  id(name: string): bigint | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : idOf(text);
  }

  ids(name: string): bigint[] | undefined {
    if (!this.#form?.field(name)) return undefined;
    const texts = this.#form.values(name);
    if (texts.length > MAX_IDS)
      throw new Refused(StanzaError.policyViolation(`At most ${MAX_IDS} ids may be asked for`));
    return [...new Set(texts.map(idOf))];
  }

  jid(name: string): Jid | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return Jid.parse(text) ?? this.#refuse(name, 'is no address');
  }

  boolean(name: string): boolean | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    return parseBoolean(text) ?? this.#refuse(name, 'is neither true nor false');
  }

  /** XEP-0082. */
  time(name: string, idAt: (us: number) => bigint): bigint | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const ms = parseDateTime(text) ?? this.#refuse(name, 'is no time');
    if (ms < 0) return 0n;
    const fraction = /\.\d{3}(\d{1,3})/.exec(text)?.[1] ?? '';
    return ms > MAX_MS ? MAX_ID : idAt(ms * 1_000 + Number(fraction.padEnd(3, '0')));
  }

  #refuse(name: string, why: string): never {
    throw new Refused(StanzaError.badRequest(`The field ${name} ${why}`));
  }
}

function greatest(...ids: readonly (bigint | undefined)[]): bigint | undefined {
  return ids.reduce((one, other) => (one === undefined || (other !== undefined && other > one) ? other : one));
}

function least(...ids: readonly (bigint | undefined)[]): bigint | undefined {
  return ids.reduce((one, other) => (one === undefined || (other !== undefined && other < one) ? other : one));
}
