/** Requests to the archives of accounts: queries, metadata and preferences. */

import { KeyedQueue } from '../../core/keyed-queue.js';
import type { Scope } from '../../core/module/scope.js';
import type { Iq, IqAnswer, IqType } from '../../core/routing/iq-table.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { MAX_ID } from './archive-id.js';
import type { ArchiveStore } from './archive-store.js';
import type { ArchiveWriter } from './archive-writer.js';
import { jidFormat } from './jid-format.js';
import { Lookup, type LookupResult } from './lookup.js';
import { lookupRequest } from './lookup-request.js';
import type { Owner } from './owner.js';
import type { Owners } from './owners.js';
import { preferencesElement, readPreferences } from './preferences.js';
import { queryForm } from './query-form.js';
import { RequestPace } from './request-pace.js';
import { finElement, metadataElement, resultStanza } from './results.js';
import type { ArchiveSettings } from './settings.js';

export interface ArchiveParts {
  readonly settings: ArchiveSettings;
  readonly store: ArchiveStore;
  readonly writer: ArchiveWriter;
  readonly owners: Owners;
  readonly maxCount: number;
}

// biome-ignore lint/suspicious/noExplicitAny: of the scope only what all modules have is used
type AnyScope = Scope<any, any, any>;
/** The names under which MongooseIM's access rules may open an archive to others, or close it. */
type Action = 'mam_get_prefs' | 'mam_set_prefs' | 'mam_get_message_form' | 'mam_set_message_form' | 'mam_get_metadata';
type Handler = (iq: Iq, owner: Owner) => Promise<IqAnswer>;

/** Requests of one account that wait for each other; a page is held in memory while it is sent. */
const MAX_WAITING = 20;

export class ArchiveIqs {
  readonly #scope: AnyScope;
  readonly #parts: ArchiveParts;
  readonly #lookup: Lookup;
  readonly #turns = new KeyedQueue();
  readonly #pace: RequestPace;

  constructor(scope: AnyScope, parts: ArchiveParts) {
    this.#scope = scope;
    this.#parts = parts;
    this.#lookup = new Lookup(parts.store, parts.settings, parts.maxCount);
    const { clock, access, host, services } = scope;
    const hasRule = (rule: string) => host.config.access[rule] !== undefined;
    this.#pace = new RequestPace({ clock, access, hasRule, shapers: services.shapers });
  }

  register(): void {
    for (const namespace of [ns.MAM, ns.MAM_1]) {
      this.#on('get', namespace, 'query', 'mam_get_message_form', async (iq) =>
        queryForm(iq.payload.ns, this.#parts.settings.full_text_search),
      );
      this.#on('set', namespace, 'query', 'mam_set_message_form', (iq, owner) => this.#query(iq, owner));
      this.#on('get', namespace, 'metadata', 'mam_get_metadata', (iq, owner) => this.#metadata(iq, owner));
      this.#on('get', namespace, 'prefs', 'mam_get_prefs', (iq, owner) => this.#preferences(iq, owner));
      this.#on('set', namespace, 'prefs', 'mam_set_prefs', (iq, owner) => this.#setPreferences(iq, owner));
    }
  }

  #on(type: IqType, namespace: string, name: string, action: Action, handler: Handler): void {
    const guarded = async (iq: Iq): Promise<IqAnswer> => {
      if (!this.#isAllowed(iq, action)) return StanzaError.forbidden();
      const account = iq.to.bare.toString();
      if (this.#turns.length(account) >= MAX_WAITING) return StanzaError.resourceConstraint('Too many queries wait');
      return this.#turns.run(account, async () => {
        if (!(await this.#pace.turn(action, iq.from)))
          return StanzaError.resourceConstraint('The archive is asked too often');
        const owner = await this.#parts.owners.load(iq.to, this.#scope.sessions.account(iq.to));
        // What has been sent before the query belongs into its answer.
        if (owner.writing > 0) await this.#parts.writer.settled();
        return handler(iq, owner);
      });
    };
    this.#scope.iq(type, namespace, name, guarded, 'account');
  }

  /** XEP-0313 section 8.1. A rule of the operator decides where there is one, unless it says `default`. */
  #isAllowed({ from, to, host }: Iq, action: Action): boolean {
    const decision = host.config.access[action] ? this.#scope.access.value(action, from) : 'default';
    return decision === 'default' ? from.bare.equals(to.bare) : decision === 'allow';
  }

  async #query(iq: Iq, owner: Owner): Promise<IqAnswer> {
    const { payload } = iq;
    const request = lookupRequest(payload, this.#parts.settings);
    if (request instanceof StanzaError) return request;
    const result = await this.#lookup.find(owner, request);
    if (result instanceof StanzaError) return result;
    this.#send(iq, owner, result, request.isFlipped);
    return finElement(result, payload.ns);
  }

  /** To the session itself where it is ours: nothing on the way has a say in it, and it stays ahead of the answer. */
  #send(iq: Iq, owner: Owner, { messages }: LookupResult, isFlipped: boolean): void {
    const { random, router, log, services } = this.#scope;
    const prefix = random.hex(8);
    const context = {
      ns: iq.payload.ns,
      queryId: iq.payload.attrs['queryid'],
      archive: owner.jid,
      to: iq.from,
      format: jidFormat(this.#parts.settings.db_jid_format),
      parse: services.parse,
    };
    for (const [index, message] of (isFlipped ? messages.toReversed() : messages).entries()) {
      const stanza = resultStanza(message, `${prefix}-${index}`, context);
      if (!stanza) log.error('mam.unreadable', { account: owner.jid.toString(), id: String(message.id) });
      else if (!iq.session) router.route(stanza);
      else if (iq.session.isOpen) iq.session.deliver(stanza);
    }
  }

  async #metadata(iq: Iq, { userId }: Owner): Promise<IqAnswer> {
    const ends: bigint[] = [];
    for (const isFromEnd of [false, true]) {
      if (userId === undefined) break;
      const [message] = await this.#parts.store.load({ userId, toId: MAX_ID }, { limit: 1, isFromEnd });
      if (message) ends.push(message.id);
    }
    return metadataElement(ends, iq.payload.ns);
  }

  async #preferences(iq: Iq, owner: Owner): Promise<IqAnswer> {
    if (this.#parts.settings.user_prefs_store === undefined) return StanzaError.featureNotImplemented();
    return preferencesElement(owner.behaviours, iq.payload.ns);
  }

  async #setPreferences(iq: Iq, owner: Owner): Promise<IqAnswer> {
    const { store, settings } = this.#parts;
    if (settings.user_prefs_store === undefined) return StanzaError.featureNotImplemented();
    const behaviours = readPreferences(iq.payload, store.maxAddressLength);
    if (behaviours instanceof StanzaError) return behaviours;
    await store.setBehaviours(owner, behaviours);
    owner.behaviours = behaviours;
    return preferencesElement(behaviours, iq.payload.ns);
  }
}
