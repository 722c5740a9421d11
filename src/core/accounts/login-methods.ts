/** The authentication methods that may serve one listener, asked in order until one says yes. */
import type { PasswordHash } from '../auth/config.js';
import type { AuthMethods } from '../auth/mechanism.js';
import type { AccountName, AuthCapabilities, AuthMethod } from '../auth/method.js';
import type { ScramCredentials } from '../auth/scram.js';

export class LoginMethods implements AuthMethods {
  readonly #methods: readonly AuthMethod[];

  constructor(methods: readonly AuthMethod[]) {
    this.#methods = methods;
  }

  get capabilities(): readonly AuthCapabilities[] {
    return this.#methods.map((method) => method.capabilities);
  }

  get anonymous(): string | undefined {
    return this.#methods.find((method) => method.capabilities.anonymous)?.name;
  }

  async checkPassword(account: AccountName, password: string): Promise<string | undefined> {
    let isKnown = false;
    const accepting = await firstAnswer(this.#able('password'), async (method) => {
      const verdict = await method.checkPassword(account, password);
      if (verdict !== 'unknown') isKnown = true;
      return verdict === 'accepted' ? method.name : undefined;
    });
    // Whoever does not exist costs as much as whoever mistypes a password.
    if (!isKnown) await this.#methods.find((method) => method.decoy)?.decoy?.checkPassword(account, password);
    return accepting;
  }

  async scramCredentials(
    account: AccountName,
    hash: PasswordHash,
  ): Promise<{ credentials: ScramCredentials; method: string | undefined }> {
    const serving = this.#methods.filter((method) => method.capabilities.scram.includes(hash));
    const found = await firstAnswer(serving, async (method) => {
      const credentials = await method.scramCredentials(account, hash);
      return credentials && { credentials, method: method.name };
    });
    if (found) return found;

    const decoy = serving.find((method) => method.decoy)?.decoy;
    if (!decoy) throw new Error(`no method serves SCRAM with ${hash}`);
    return { credentials: await decoy.scramCredentials(account, hash), method: undefined };
  }

  acceptCertificate(account: AccountName): Promise<string | undefined> {
    return firstAnswer(this.#able('certificate'), async (method) =>
      (await method.exists(account)) ? method.name : undefined,
    );
  }

  #able(capability: 'password' | 'certificate'): AuthMethod[] {
    return this.#methods.filter((method) => method.capabilities[capability]);
  }
}

/**
 * The first answer that is not undefined. A method that cannot answer does not keep the others from saying yes, but nobody's
 * silence is taken for a no: without a yes its error is thrown.
 */
export async function firstAnswer<T>(
  methods: readonly AuthMethod[],
  ask: (method: AuthMethod) => Promise<T | undefined>,
): Promise<T | undefined> {
  let failure: { error: unknown } | undefined;
  for (const method of methods) {
    try {
      const answer = await ask(method);
      if (answer !== undefined) return answer;
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure) throw failure.error;
  return undefined;
}
