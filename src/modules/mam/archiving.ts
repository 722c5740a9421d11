/** Archives messages on their way: at the home of the sender, and at that of the recipient. */
import { refuse, TAKEN, type Verdict } from '../../core/hooks/hook.js';
import type { ShardServices } from '../../core/module/scope.js';
import type { ReceivedStanza, SentStanza } from '../../core/routing/hooks.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Stanza } from '../../protocol/stanza.js';
import { child } from '../../protocol/stanza-children.js';
import { stanzaId, stanzaIdBy, withoutStanzaIds } from '../../protocol/stanza-ids.js';
import type { Contact, RosterApi } from '../roster/api.js';
import { isArchivable } from './archivable.js';
import { externalId, parseExternalId } from './archive-id.js';
import { hasOwnIds } from './own-ids.js';
import type { Owner } from './owner.js';
import type { Owners } from './owners.js';
import type { Recorder } from './recorder.js';
import type { ArchiveSettings } from './settings.js';

export interface ArchivingDependencies {
  readonly services: Pick<ShardServices, 'hosts' | 'router'>;
  readonly settings: ArchiveSettings;
  readonly owners: Owners;
  readonly recorder: Recorder;
  readonly roster: RosterApi;
}

export class Archiving {
  readonly #deps: ArchivingDependencies;
  /** Archived already for an account that had no session, and on its way again because one has come since. */
  readonly #kept = new WeakSet<Stanza>();

  constructor(deps: ArchivingDependencies) {
    this.#deps = deps;
  }

  /** XEP-0359 section 5, rule 2: no client makes ids in the name of somebody who lives here. */
  cleanSent(sent: SentStanza): undefined {
    if (sent.stanza.has(child.STANZA_ID)) sent.stanza = withoutStanzaIds(sent.stanza, this.#isOurs);
  }

  cleanReceived(received: ReceivedStanza): undefined {
    const { stanza } = received;
    if (stanza.has(child.STANZA_ID) && !hasOwnIds(stanza, this.#deps.services.hosts))
      received.stanza = withoutStanzaIds(stanza, this.#isOurs);
  }

  sent(sent: SentStanza): Verdict | undefined {
    const { session, stanza } = sent;
    const { settings, owners, recorder, roster } = this.#deps;
    if (!isArchivable(stanza, 'O', settings)) return undefined;
    const owner = owners.of(session.account);
    if (!owner) return refuse('the archive is not there', StanzaError.internalServerError());
    const remote = stanza.to ?? session.jid.bare;
    if (!isWanted(owner, remote, () => roster.contacts(session.account))) return undefined;
    const id = recorder.record({ owner, stanza, from: session.jid, remote, direction: 'O' });
    if (id instanceof StanzaError) return refuse('it cannot be archived', id);
    sent.archiveId = externalId(id);
    // What somebody sends to himself is archived once, and comes back under that id.
    if (!settings.no_stanzaid_element && remote.bare.equals(owner.jid))
      sent.stanza = stanza.withChild(stanzaId(owner.jid, sent.archiveId));
    return undefined;
  }

  /** `same_mam_id_for_peers`: tells the other side the id; nobody but the server of the recipient could. */
  mark(sent: SentStanza): undefined {
    const { stanza, archiveId, session } = sent;
    const { to } = stanza;
    if (!this.#deps.settings.same_mam_id_for_peers || archiveId === undefined || !to) return;
    if (to.local === '' || to.bare.equals(session.account.jid) || !this.#deps.services.hosts.serving(to.domain)) return;
    if (stanzaIdBy(stanza, to.bare) === undefined) sent.stanza = stanza.withChild(stanzaId(to.bare, archiveId));
  }

  received(received: ReceivedStanza): Verdict | undefined {
    const { stanza, account, to } = received;
    if (!account || received.isAgain || !isArchivable(stanza, 'I', this.#deps.settings)) return undefined;
    const owner = this.#deps.owners.of(account);
    // Its first session is still being let in: the message waits for it, or is kept, behind `undelivered`.
    if (!owner) return undefined;
    if (this.#kept.has(stanza)) {
      received.archiveId = stanzaIdBy(stanza, to.bare);
      return undefined;
    }
    return this.#receive(received, owner, () => this.#deps.roster.contacts(account));
  }

  /** The recipient exists, and has no session that may have the message. */
  async undelivered(received: ReceivedStanza): Promise<typeof TAKEN | undefined> {
    const { stanza, to, account, archiveId, isAgain } = received;
    if (isAgain || archiveId !== undefined || !isArchivable(stanza, 'I', this.#deps.settings)) return undefined;
    const owner = await this.#deps.owners.load(to, account);
    const isAboutContacts = stanza.from && owner.behaviourTo(stanza.from) === 'R';
    const contacts = isAboutContacts ? await this.#deps.roster.load(to.bare) : [];
    const verdict = this.#receive(received, owner, () => contacts);
    if (verdict?.kind === 'refuse') {
      this.#deps.services.router.bounce(stanza, verdict.error);
      return TAKEN;
    }
    this.#kept.add(received.stanza);
    return undefined;
  }

  #receive(received: ReceivedStanza, owner: Owner, contacts: () => readonly Contact[]): Verdict | undefined {
    const { stanza } = received;
    const { settings, recorder } = this.#deps;
    const { from } = stanza;
    if (!from) return undefined;
    const given = stanzaIdBy(stanza, owner.jid);
    if (from.bare.equals(owner.jid)) {
      received.archiveId = given;
      return undefined;
    }
    if (!isWanted(owner, from, contacts)) return undefined;
    const bare = given === undefined ? stanza : withoutStanzaIds(stanza, (by) => by.equals(owner.jid));
    const wanted = given === undefined ? undefined : parseExternalId(given);
    const id = recorder.record({ owner, stanza: bare, from, remote: from, direction: 'I', wanted });
    if (id instanceof StanzaError) return refuse('it cannot be archived', id);
    received.archiveId = externalId(id);
    if (received.archiveId === given) return undefined;
    received.stanza = settings.no_stanzaid_element ? bare : bare.withChild(stanzaId(owner.jid, received.archiveId));
    return undefined;
  }

  readonly #isOurs = ({ domain }: Jid): boolean => {
    const { hosts } = this.#deps.services;
    return hosts.serving(domain) !== undefined || hosts.service(domain) !== undefined;
  };
}

/** XEP-0441 section 2. `contacts` is asked only where it matters. */
function isWanted(owner: Owner, remote: Jid, contacts: () => readonly Contact[]): boolean {
  const behaviour = owner.behaviourTo(remote);
  if (behaviour !== 'R') return behaviour === 'A';
  const { bare } = remote;
  return contacts().some(({ jid }) => jid.bare.equals(bare));
}
