/** Takes messages into archives: gives them ids, and hands them to the writer. */
import type { Router } from '../../core/routing/router.js';
import { isTooLong, TOO_LONG } from '../../core/storage/index.js';
import type { Clock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { type Parse, Stanza } from '../../protocol/stanza.js';
import type { ArchiveIds } from './archive-id.js';
import type { ArchiveStore, Direction, NewMessage } from './archive-store.js';
import { type ArchiveWriter, isPassing } from './archive-writer.js';
import { type JidFormat, jidFormat } from './jid-format.js';
import { decodeMessage, encodeMessage } from './message-format.js';
import { bodyOf, originIdOf } from './message-text.js';
import type { Owner } from './owner.js';
import { type Retraction, retractionIn, tombstone } from './retraction.js';
import { searchBody } from './search-text.js';
import type { ArchiveSettings } from './settings.js';

export interface RecorderDependencies {
  readonly settings: ArchiveSettings;
  readonly store: ArchiveStore;
  readonly writer: ArchiveWriter;
  readonly ids: ArchiveIds;
  readonly clock: Clock;
  readonly log: Logger;
  readonly parse: Parse;
  readonly router: Pick<Router, 'bounce'>;
}

const NOT_KEPT = 'The message could not be archived';
/** As the other columns; what is longer would not fit into the index of PostgreSQL's table, and takes nothing back. */
const MAX_ORIGIN_ID = 250;

export interface Occasion {
  readonly owner: Owner;
  readonly stanza: Stanza;
  /** Full, where it is known. */
  readonly from: Jid;
  /** The other side: whom it is for, or whom it is from. */
  readonly remote: Jid;
  readonly direction: Direction;
  /** The id that the archive of the sender has for it, if both should have the same. */
  readonly wanted?: bigint | undefined;
}

export class Recorder {
  readonly #deps: RecorderDependencies;
  readonly #format: JidFormat;
  /** What was searched for words last: the archives of both sides get the same message, one right after the other. */
  #searched = { body: '', words: '' };

  constructor(deps: RecorderDependencies) {
    this.#deps = deps;
    this.#format = jidFormat(deps.settings.db_jid_format);
  }

  /** The id, or why the message must not be taken. Nothing is waited for. */
  record(occasion: Occasion): bigint | StanzaError {
    const { writer, store, settings } = this.#deps;
    if (!writer.mayTake) return StanzaError.resourceConstraint('The archive cannot be written to at present');
    const { owner, stanza, from, remote, direction, wanted } = occasion;
    const sender = this.#format.encode(owner.jid, from);
    const peer = this.#format.encode(owner.jid, remote.bare);
    const { resource } = remote;
    if (Math.max(sender.length, peer.length, resource.length) > (store.maxAddressLength ?? Number.POSITIVE_INFINITY))
      return StanzaError.notAcceptable(TOO_LONG);

    // The order of an archive goes before having the same id as the other side.
    const isGood = wanted !== undefined && wanted > owner.lastId && wanted < this.#deps.ids.limit;
    const id = isGood ? wanted : this.#deps.ids.next(owner.lastId);
    owner.lastId = id;
    const xml = stanza.toXml();
    // PERF(chat): one shape for all, which spreading would not give.
    const message: NewMessage = {
      owner,
      id,
      from: sender,
      remote: peer,
      remoteResource: resource,
      direction,
      message: encodeMessage(settings.db_message_format, xml, () => stanza.tree()),
      searchBody: settings.full_text_search ? this.#searchBody(bodyOf(stanza, xml)) : '',
      originId: shortEnough(originIdOf(stanza, xml)),
      isGroupchat: stanza.type === 'groupchat',
    };
    const retraction = settings.message_retraction ? retractionIn(stanza) : undefined;
    writer.add(message, retraction && (() => this.#bury(message, owner, retraction)));
    return id;
  }

  /** Made anew from what was to be written, which costs nothing as long as everything can be. */
  refused(message: NewMessage, error: unknown): void {
    const { parse, router } = this.#deps;
    const { owner, isGroupchat } = message;
    const archive = Jid.of(owner.local, owner.domain);
    const xml = decodeMessage(message.message);
    const tree = xml === undefined ? undefined : parse(xml);
    const sender = archive && this.#format.decode(archive, message.from);
    // A room answers for its own archive, and takes an error for the end of an occupant.
    if (!archive || !tree || !sender || isGroupchat) return;
    const to = tree.attrs['to'] === undefined ? archive : Jid.parse(tree.attrs['to']);
    const reason = isTooLong(error) ? StanzaError.notAcceptable(TOO_LONG) : StanzaError.internalServerError(NOT_KEPT);
    router.bounce(Stanza.fromElement(tree, to, sender), reason);
  }

  #searchBody(body: string): string {
    if (body !== this.#searched.body) this.#searched = { body, words: searchBody(body) };
    return this.#searched.words;
  }

  /** The retraction itself stays in the archive (XEP-0424 section 6). */
  async #bury({ owner: { userId }, remote, direction }: NewMessage, owner: Owner, by: Retraction): Promise<void> {
    const { store, clock, log, parse, settings } = this.#deps;
    if (userId === undefined) return;
    try {
      const found = await store.findRetracted(userId, { remote, direction, id: by.id, originId: by.originId });
      const xml = found && decodeMessage(found.message);
      const tree = xml === undefined ? undefined : parse(xml);
      if (!found || !tree) return;
      const grave = tombstone(tree, found, by, owner.jid, clock.now());
      const content = encodeMessage(settings.db_message_format, grave.toXml(ns.CLIENT), () => grave);
      await store.replace(userId, found.id, content);
    } catch (error) {
      if (isPassing(error)) throw error;
      log.error('mam.retraction_failed', { account: owner.jid.toString(), error });
    }
  }
}

function shortEnough(originId: string | undefined): string | undefined {
  return originId !== undefined && originId.length <= MAX_ORIGIN_ID ? originId : undefined;
}
