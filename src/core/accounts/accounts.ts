/** The accounts of one host type, whichever methods keep them. */
import type { Jid } from '../../protocol/jid.js';
import { saslPrep } from '../../protocol/saslprep.js';
import type { AuthConfig } from '../auth/config.js';
import type { AuthMethods } from '../auth/mechanism.js';
import type { AccountName, AuthMethod, AuthMethodContext, AuthMethodDefinition, Page } from '../auth/method.js';
import { firstAnswer, LoginMethods } from './login-methods.js';

/** Told after the fact; the call that caused it completes when these do. */
export interface AccountEvents {
  registered(account: Jid): void | Promise<void>;
  /** Nobody can log in any more: close the sessions first, so that none of them writes what the removal has just deleted. */
  removed(account: Jid): void | Promise<void>;
}

export interface AccountsOptions extends Omit<AuthMethodContext, 'isStored'> {
  /** Every method there is; `config.methods` chooses and orders. */
  readonly definitions: readonly AuthMethodDefinition[];
  readonly events: AccountEvents;
}

/** Remembers for a while which accounts are there; never who is not. */
export interface AccountMemory {
  knows(account: AccountName): boolean;
  /** Before somebody looks; to be called when the account was found. */
  learn(account: AccountName): () => void;
  /** On every shard, before anything else of a removal becomes visible. */
  forget(account: AccountName): Promise<void>;
}

export type PasswordProblem = 'empty-password' | 'invalid-password';
export type RegisterOutcome = 'registered' | 'exists' | 'invalid-jid' | 'not-allowed' | 'limit' | PasswordProblem;
export type ChangeOutcome = 'changed' | 'no-account' | 'not-allowed' | PasswordProblem;
export type RemoveOutcome = 'removed' | 'no-account' | 'not-allowed';

/** Calls reject when a method cannot answer, such as while a database is away. */
export class Accounts {
  readonly hostType: string;
  readonly #config: AuthConfig;
  readonly #methods: readonly AuthMethod[];
  readonly #options: AccountsOptions;
  #memory: AccountMemory | undefined;

  constructor(options: AccountsOptions) {
    this.hostType = options.hostType;
    this.#config = options.config;
    this.#options = options;
    const context: AuthMethodContext = { ...contextOf(options), isStored: (account) => this.isStored(account) };
    this.#methods = options.config.methods.map((name) => {
      const definition = options.definitions.find((candidate) => candidate.name === name);
      if (!definition) throw new Error(`auth.methods: there is no method "${name}"`);
      return definition.start(context);
    });
  }

  /** What mechanisms may use. `allowed` are the listener's `allowed_auth_methods`; all of them when unset. */
  loginMethods(allowed?: readonly string[]): AuthMethods {
    return new LoginMethods(allowed ? this.#methods.filter(({ name }) => allowed.includes(name)) : this.#methods);
  }

  /** Whether anyone may ask for an account at all. */
  get isAllowedToRegister(): boolean {
    return this.#registrars.length > 0;
  }

  /** Asks `memory` before the methods from now on; the function returned ends that. */
  remember(memory: AccountMemory): () => void {
    this.#memory = memory;
    return () => {
      this.#memory = undefined;
    };
  }

  /** True for anonymous users too, for as long as they are connected. */
  async exists(account: AccountName): Promise<boolean> {
    if (await this.isStored(account)) return true;
    const others = this.#methods.filter((method) => !method.capabilities.stored);
    return (await firstAnswer(others, (method) => yes(method.exists(account)))) ?? false;
  }

  /** True for accounts that outlive their sessions. */
  async isStored(account: AccountName): Promise<boolean> {
    if (this.#memory?.knows(account)) return true;
    const isThere = this.#memory?.learn(account);
    const keepers = this.#methods.filter((method) => method.capabilities.stored);
    const found = (await firstAnswer(keepers, (method) => yes(method.exists(account)))) ?? false;
    if (found) isThere?.();
    return found;
  }

  async checkPassword(account: AccountName, password: string): Promise<boolean> {
    return (await this.loginMethods().checkPassword(account, password)) !== undefined;
  }

  /** Undefined when there is no such account, and when its password is not kept in clear. */
  plainPassword(account: AccountName): Promise<string | undefined> {
    return firstAnswer(this.#methods, async (method) => method.plainPassword?.(account));
  }

  /** Sharing a domain's last free place between two simultaneous registrations may exceed the limit by one. */
  async register(account: Jid, password: string): Promise<RegisterOutcome> {
    if (account.local === '' || !account.isBare) return 'invalid-jid';
    const problem = passwordProblem(password);
    if (problem) return problem;
    if (await this.exists(account)) return 'exists';
    if (!this.isAllowedToRegister) return 'not-allowed';
    if (await this.#isFull(account.domain)) return 'limit';

    const outcome = await firstAnswer(this.#registrars, async (method) => {
      const answer = await method.register(account, password);
      return answer === 'refused' ? undefined : answer;
    });
    if (outcome === 'registered') await this.#options.events.registered(account);
    return outcome ?? 'not-allowed';
  }

  async changePassword(account: AccountName, password: string): Promise<ChangeOutcome> {
    const problem = passwordProblem(password);
    if (problem) return problem;
    if (await firstAnswer(this.#registrars, (method) => yes(method.setPassword(account, password)))) return 'changed';
    return (await this.exists(account)) ? 'not-allowed' : 'no-account';
  }

  /**
   * Removes the account from every method that has it, then ends its sessions, then deletes what is kept about it. `onUnregistered`
   * is called before the sessions end.
   */
  async remove(account: Jid, onUnregistered?: () => void): Promise<RemoveOutcome> {
    let isRemoved = false;
    for (const method of this.#registrars) if (await method.remove(account)) isRemoved = true;
    if (isRemoved) {
      await this.#memory?.forget(account);
      onUnregistered?.();
      await this.#options.events.removed(account);
      return 'removed';
    }
    return (await this.exists(account)) ? 'not-allowed' : 'no-account';
  }

  /**
   * Locks the account by a password that nobody knows, marked as MongooseIM marks it so that an operator who looks into a table
   * of plain passwords sees why. Closing the sessions is up to the caller.
   */
  ban(account: AccountName, reason: string): Promise<ChangeOutcome> {
    const date = new Date(this.#options.clock.now()).toISOString().replace(/\.\d+Z$/, 'Z');
    const random = this.#options.random.hex(16);
    // A reason is free text; what a password may not hold is left out of the mark.
    const mark = `BANNED_ACCOUNT--${date}--${random}--`;
    return this.changePassword(account, saslPrep(mark + reason) === undefined ? mark : mark + reason);
  }

  /** Localparts of a domain, in the order of the methods and ascending within each. */
  async list(domain: string, page: Page = {}): Promise<string[]> {
    const found: string[] = [];
    let index = page.index ?? 0;
    for (const method of this.#methods) {
      const limit = page.limit === undefined ? undefined : page.limit - found.length;
      if (limit === 0) break;
      const names = await method.list(domain, { limit, index });
      found.push(...names);
      if (index > 0) index = Math.max(0, index - (await method.count(domain)));
    }
    return found;
  }

  async count(domain: string): Promise<number> {
    let sum = 0;
    for (const method of this.#methods) sum += await method.count(domain);
    return sum;
  }

  get #registrars(): AuthMethod[] {
    return this.#methods.filter((method) => method.capabilities.register);
  }

  async #isFull(domain: string): Promise<boolean> {
    const limit = this.#config.max_users_per_domain;
    return limit !== 'infinity' && (await this.count(domain)) >= limit;
  }
}

function passwordProblem(password: string): PasswordProblem | undefined {
  if (password === '') return 'empty-password';
  const prepared = saslPrep(password);
  if (prepared === undefined) return 'invalid-password';
  return prepared === '' ? 'empty-password' : undefined;
}

/** A no becomes undefined, so that the next method is asked. */
async function yes(answer: Promise<boolean>): Promise<true | undefined> {
  return (await answer) ? true : undefined;
}

function contextOf(options: AccountsOptions): Omit<AuthMethodContext, 'isStored'> {
  const { hostType, config, tasks, secret, clock, random, users, isOnline } = options;
  return { hostType, config, tasks, secret, clock, random, users, isOnline };
}
