/** What a shard knows of the archive of one account. */
import type { Jid } from '../../protocol/jid.js';
import type { ArchiveOwner, Behaviour, Behaviours } from './archive-store.js';

export class Owner implements ArchiveOwner {
  /** Bare. */
  readonly jid: Jid;
  userId: number | undefined;
  /** The greatest id that was given out. */
  lastId: bigint;
  behaviours: Behaviours;
  writing = 0;

  constructor(jid: Jid, userId: number | undefined, lastId: bigint, behaviours: Behaviours) {
    this.jid = jid;
    this.userId = userId;
    this.lastId = lastId;
    this.behaviours = behaviours;
  }

  get local(): string {
    return this.jid.local;
  }

  get domain(): string {
    return this.jid.domain;
  }

  /** True while the database does not know all that is known here. */
  get isBusy(): boolean {
    return this.writing > 0;
  }

  /** XEP-0441 section 2: what is said of the full address goes before what is said of the bare one. */
  behaviourTo(remote: Jid): Behaviour {
    const { behaviours } = this;
    return behaviours.get(remote.toString()) ?? behaviours.get(remote.bare.toString()) ?? behaviours.get('') ?? 'A';
  }
}
