/** How other modules offer commands (XEP-0050). */
import type { MaybePromise } from '../../core/hooks/hook.js';
import type { Host } from '../../core/hosts/host.js';
import { defineApi } from '../../core/module/api.js';
import type { Session } from '../../core/sessions/session.js';
import type { DataForm } from '../../protocol/data-form.js';
import type { Element } from '../../protocol/element.js';
import type { StanzaError } from '../../protocol/errors.js';
import type { FormSubmission } from '../../protocol/form-submission.js';
import type { Jid } from '../../protocol/jid.js';

export interface CommandCall {
  readonly host: Host;
  /** Full, for a client. */
  readonly from: Jid;
  /** The domain, or the account whose owner `from` is. */
  readonly to: Jid;
  /** The sender's, if it is one of ours. */
  readonly session: Session | undefined;
}

export interface CommandNote {
  readonly type: 'info' | 'warn' | 'error';
  readonly text: string;
}

/** The end of a command. One that failed has a note of type `error` (section 3.6). */
export interface Outcome {
  readonly notes?: readonly CommandNote[];
  readonly form?: DataForm;
  /** Anything else, such as URLs. */
  readonly payload?: readonly Element[];
}

export type Proceed = (submission: FormSubmission) => MaybePromise<Stage | Outcome | StanzaError>;

/**
 * A form that is to be filled in. It has been checked when `next` or `complete` is called: one of them has to be there, and says that the
 * client may do so. An error leaves the client at this stage. The way back is kept for commands.
 */
export interface Stage {
  readonly fill: DataForm;
  readonly notes?: readonly CommandNote[];
  readonly next?: Proceed;
  readonly complete?: Proceed;
}

export interface Command {
  /** Unique among the commands of a domain, and among those of accounts. */
  readonly node: string;
  /** For people. */
  readonly name: string;
  /** Of the domain, or of each account for its owner alone. */
  readonly target: 'domain' | 'account';
  /** Whether somebody may see and use it; everybody when left out. */
  readonly mayRun?: (who: Jid) => boolean;
  readonly run: (call: CommandCall) => MaybePromise<Stage | Outcome | StanzaError>;
}

export interface AdhocApi {
  /** Offers a command until the function returned is called. A second one of the same node is a mistake. */
  add(command: Command): () => void;
}

/** Where mod_adhoc is off, nobody can ask for a command. */
export const adhocApi = defineApi<AdhocApi>('mod_adhoc', { add: () => () => {} });
