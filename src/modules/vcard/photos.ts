/** Knows the photos of accounts that are online, and shows them in the presence of their sessions. */
import type { KeyedQueue } from '../../core/keyed-queue.js';
import type { SentStanza } from '../../core/routing/hooks.js';
import type { Router } from '../../core/routing/router.js';
import type { Account } from '../../core/sessions/account.js';
import { slot } from '../../core/sessions/slot.js';
import { StorageError } from '../../core/storage/index.js';
import type { Logger } from '../../platform/log.js';
import type { Element } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { photoHash, withPhotoHash } from './avatar.js';
import type { Vcards } from './vcards.js';

/** The hash of an account's photo; never used by one without. */
const photo = slot('mod_vcard.photo', () => '');

export interface PhotosDependencies {
  readonly vcards: Pick<Vcards, 'get'>;
  /** One account's vCard is read and written in order. */
  readonly turns: KeyedQueue;
  readonly router: Router;
  readonly log: Logger;
  readonly parse: (xml: string) => Element | undefined;
}

export class Photos {
  readonly #deps: PhotosDependencies;

  constructor(deps: PhotosDependencies) {
    this.#deps = deps;
  }

  /** For an account that comes online: clients need not know the hash themselves (XEP-0398 section 4). */
  async learn(account: Account): Promise<void> {
    const { turns, vcards, parse, log } = this.#deps;
    const key = account.jid.toString();
    // Another session has asked for it.
    if (account.size > 1) return turns.isBusy(key) ? turns.run(key, async () => {}) : undefined;
    try {
      const xml = await turns.run(key, () => vcards.get(account.jid));
      if (xml instanceof StanzaError) return;
      // Nobody without a photo needs a tree.
      set(account, xml?.includes('BINVAL') ? photoHash(parse(xml)) : '');
    } catch (error) {
      log.warn('vcard.photo.unknown', { account: key, error });
    }
  }

  /** The same without anybody waiting: where sessions are available by then, contacts see their presence once more. */
  async learnLater(account: Account): Promise<void> {
    const { vcards, parse, log } = this.#deps;
    if (account.size > 1) return;
    try {
      const xml = await vcards.get(account.jid);
      const vcard = typeof xml === 'string' && xml.includes('BINVAL') ? parse(xml) : undefined;
      if (vcard) this.change(account, vcard);
    } catch (error) {
      // Of a directory that is away the log knows already.
      const isAway = error instanceof StorageError && error.code === 'unavailable';
      log[isAway ? 'debug' : 'warn']('vcard.photo.unknown', { account: account.jid.toString(), error });
    }
  }

  /** Corrects the presence that a session has sent. */
  readonly add = (sent: SentStanza): undefined => {
    const { stanza, session } = sent;
    if (stanza.name !== 'presence' || stanza.type !== '') return;
    sent.stanza = withPhotoHash(stanza, session.account.peek(photo) ?? '');
  };

  /** The account has another vCard: contacts see its presence once more, with another hash. */
  change(account: Account, vcard: Element): void {
    if (!set(account, photoHash(vcard))) return;
    const { router, log } = this.#deps;
    for (const session of account.available()) {
      const shown = session.presence && router.fromSession(session, session.presence);
      if (shown instanceof Promise) shown.catch((error) => log.error('vcard.photo.not_shown', { error }));
    }
  }
}

/** Whether it is another one. */
function set(account: Account, hash: string): boolean {
  if (hash === (account.peek(photo) ?? '')) return false;
  account.set(photo, hash);
  return true;
}
