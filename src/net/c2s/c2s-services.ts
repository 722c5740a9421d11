/** What client streams need from their shard, and the settings of the listener that they came by. */
import type { Access } from '../../core/access/access.js';
import type { Accounts } from '../../core/accounts/accounts.js';
import type { Mechanism } from '../../core/auth/mechanism.js';
import type { Commitments } from '../../core/commitments.js';
import type { Host, Hosts } from '../../core/hosts/host.js';
import type { Router } from '../../core/routing/router.js';
import type { Sessions } from '../../core/sessions/sessions.js';
import type { Clock } from '../../platform/clock.js';
import type { C2sListener, Config, Limit } from '../../platform/config/index.js';
import type { Logger } from '../../platform/log.js';
import type { Random } from '../../platform/random.js';
import type { AddressLimits } from '../limits/address-limits.js';
import type { Admission } from '../limits/admission.js';

/** What a client stream asks of the settings of its listener, or of its handler in `[[listen.http]]`. */
export type EntranceSettings = Pick<
  C2sListener,
  'access' | 'shaper' | 'max_stanza_size' | 'state_timeout' | 'backwards_compatible_session'
> &
  Partial<Pick<C2sListener, 'allowed_auth_methods' | 'zlib' | 'tls'>> & {
    /** Milliseconds without a sign of life, after which the connection is given up. */
    readonly timeout?: Limit | undefined;
  };

/** Where clients come in: one `[[listen.c2s]]`, or a handler of `[[listen.http]]`. */
export interface C2sEntrance {
  /** The same on every shard: listeners by their position in the configuration, and then handlers. */
  readonly index: number;
  readonly settings: EntranceSettings;
  /** Undefined where somebody else owns the sockets. */
  readonly listener: C2sListener | undefined;
  /** The engine's TLS context, replaced when certificates change; `undefined` without TLS. */
  tlsContext: number | undefined;
}

export interface C2sServices {
  readonly config: Config;
  readonly hosts: Hosts;
  readonly sessions: Sessions;
  readonly router: Router;
  readonly commitments: Pick<Commitments, 'relief'>;
  readonly random: Random;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Logger;
  readonly entrances: C2sEntrance[];
  readonly mechanisms: readonly Mechanism[];
  readonly addresses: AddressLimits;
  readonly admission: Admission;
  readonly accounts: (host: Host) => Accounts;
  readonly access: (host: Host) => Access;
}
