/** A pool of connections to LDAP servers, behind the port of directories. */
import { SearchRequest } from 'ldapts';
import type { Deref, Directory, DirectoryEntry, DirectorySearch } from '../../core/directory/directory.js';
import { StorageError } from '../../core/storage/index.js';
import { type Clock, systemClock } from '../../platform/clock.js';
import type { Logger } from '../../platform/log.js';
import { Outage } from '../outage.js';
import { type LdapAnswer, type LdapConnection, resultText } from './ldap-connection.js';
import { LdapLink } from './ldap-link.js';
import type { LdapSettings } from './settings.js';
import { wireFilter } from './wire-filter.js';

export interface LdapPoolOptions {
  readonly settings: LdapSettings;
  readonly log: Logger;
  readonly clock?: Clock;
}

const DEREF = { never: 'never', always: 'always', finding: 'find', searching: 'search' } as const satisfies Record<
  Deref,
  string
>;

const SUCCESS = 0;
const TIME_LIMIT_EXCEEDED = 3;
const SIZE_LIMIT_EXCEEDED = 4;

export class LdapPool implements Directory {
  readonly #settings: LdapSettings;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #outage: Outage;
  readonly #links: readonly LdapLink[];

  constructor({ settings, log, clock = systemClock }: LdapPoolOptions) {
    this.#settings = settings;
    this.#log = log;
    this.#clock = clock;
    const outage = new Outage({ area: 'ldap', subject: { pool: settings.tag }, log, clock });
    this.#outage = outage;
    const onConnected = (server: string) => log.debug('ldap.connected', { pool: settings.tag, server });
    this.#links = Array.from(
      { length: settings.connections },
      () => new LdapLink({ settings, outage, clock, onConnected }),
    );
  }

  /** Makes one connection, so that the log tells at once when that is not possible; the server starts in any case. */
  start(): void {
    this.#links[0]?.connection().catch(() => {});
  }

  async search(search: DirectorySearch): Promise<readonly DirectoryEntry[]> {
    const link = this.#choose();
    link.load++;
    try {
      const { status, text, entries } = await this.#ask(link, search);
      if (status !== SUCCESS && status !== SIZE_LIMIT_EXCEEDED) throw this.#refusal(status, text);
      return entries.slice(0, search.limit).map(({ attributes }) => ({ attributes: byName(attributes) }));
    } finally {
      link.load--;
    }
  }

  close(): void {
    for (const link of this.#links) link.close();
    this.#outage.close();
  }

  /**
   * The one with the fewest requests under way; one that is connected before others, so that no more are than are needed. While one
   * cannot be connected, nobody waits for another that has yet to try.
   */
  #choose(): LdapLink {
    const isAway = this.#links.some(({ failure }) => failure);
    let best: LdapLink | undefined;
    for (const link of this.#links) {
      if (isAway && !link.isUp) continue;
      const isBetter = !best || link.load < best.load || (link.load === best.load && link.isUp && !best.isUp);
      if (isBetter) best = link;
    }
    if (!best) {
      this.#outage.refused();
      throw this.#links.find(({ failure }) => failure)?.failure;
    }
    if (best.load > this.#settings.maxQueue)
      throw new StorageError('overloaded', `${best.load} requests wait for each connection already`);
    return best;
  }

  /** Within the time of a call, connecting and all. */
  #ask(link: LdapLink, search: DirectorySearch): Promise<LdapAnswer> {
    return new Promise((resolve, reject) => {
      const waiting: Waiting = { giveUp: () => {} };
      const cancel = this.#clock.after(this.#settings.callTimeoutMs, () => {
        waiting.giveUp();
        reject(new StorageError('timeout', 'the LDAP server did not answer in time'));
      });
      this.#try(link, search, waiting)
        .catch((error) => (error instanceof StorageError ? Promise.reject(error) : this.#try(link, search, waiting)))
        .catch((error) => Promise.reject(error instanceof StorageError ? error : this.#lost(error)))
        .then(resolve, reject)
        .finally(cancel);
    });
  }

  /** A connection that its server has closed meanwhile, as servers do with idle ones, is noticed by asking: hence a second time. */
  async #try(link: LdapLink, search: DirectorySearch, waiting: Waiting): Promise<LdapAnswer> {
    const connection = await link.connection();
    const { answer, abandon } = connection.search(this.#request(search));
    waiting.giveUp = () => this.#tookTooLong(link, connection, abandon);
    return answer;
  }

  #request({ base, filter, attributes, deref, limit = 0 }: DirectorySearch): SearchRequest {
    return new SearchRequest({
      messageId: 0,
      baseDN: base,
      scope: 'sub',
      filter: wireFilter(filter),
      attributes: [...attributes],
      derefAliases: DEREF[deref],
      sizeLimit: limit,
      timeLimit: Math.ceil(this.#settings.callTimeoutMs / 1_000),
    });
  }

  #lost(cause: Error): StorageError {
    const error = new StorageError('unavailable', `the connection to the LDAP server was lost: ${cause.message}`);
    this.#outage.failed(error);
    return error;
  }

  #refusal(status: number, text: string): StorageError {
    if (status === TIME_LIMIT_EXCEEDED) this.#log.warn('ldap.search.timeout', { pool: this.#settings.tag });
    const message = `the LDAP server refused the search: ${resultText(status, text)}`;
    return new StorageError(status === TIME_LIMIT_EXCEEDED ? 'timeout' : 'failed', message);
  }

  #tookTooLong(link: LdapLink, connection: LdapConnection, abandon: () => void): void {
    const { tag, callTimeoutMs } = this.#settings;
    this.#log.warn('ldap.search.timeout', { pool: tag, afterMs: callTimeoutMs });
    abandon();
    link.retire(connection);
  }
}

/** What gives up the question that is under way. */
interface Waiting {
  giveUp: () => void;
}

/** With options such as `;lang-en` and without there may be several attributes of one name: their values follow one another. */
function byName(attributes: readonly { type: string; parsedBuffers: Buffer[] }[]): Map<string, Uint8Array[]> {
  const found = new Map<string, Uint8Array[]>();
  for (const { type, parsedBuffers } of attributes) {
    if (parsedBuffers.length === 0) continue;
    const name = type.replace(/;.*/, '').toLowerCase();
    found.set(name, [...(found.get(name) ?? []), ...parsedBuffers]);
  }
  return found;
}
