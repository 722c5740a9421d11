/** What client streams need from their shard, and the settings of the listener that they came by. */
import type { Access } from '../../core/access/access.js';
import type { Accounts } from '../../core/accounts/accounts.js';
import type { Mechanism } from '../../core/auth/mechanism.js';
import type { Host, Hosts } from '../../core/hosts/host.js';
import type { Router } from '../../core/routing/router.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import type { C2sListener, Config } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import type { Random } from '../../platform/random.js';
import type { AddressLimits } from '../limits/address-limits.js';
import type { Admission } from '../limits/admission.js';

/** One `[[listen.c2s]]` at work. */
export interface C2sEntrance {
  /** Its position in the configuration, the same on every shard. */
  readonly index: number;
  readonly settings: C2sListener;
  /** The engine's TLS context, replaced when certificates change; `undefined` without TLS. */
  tlsContext: number | undefined;
}

export interface C2sServices {
  readonly config: Config;
  readonly hosts: Hosts;
  readonly sessions: Sessions;
  readonly router: Router;
  readonly random: Random;
  readonly log: Logger;
  readonly entrances: readonly C2sEntrance[];
  readonly mechanisms: readonly Mechanism[];
  readonly addresses: AddressLimits;
  readonly admission: Admission;
  readonly accounts: (host: Host) => Accounts;
  readonly access: (host: Host) => Access;
}
