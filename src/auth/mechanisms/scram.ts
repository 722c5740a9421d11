/** SCRAM (RFC 5802, RFC 7677) with every hash, and the -PLUS variants that are bound to the TLS channel. */
import type { PasswordHash } from '../../core/auth/config.js';
import { SaslFailure } from '../../core/auth/failure.js';
import {
  defineMechanism,
  type Exchange,
  type ExchangeContext,
  type Mechanism,
  type SaslStep,
} from '../../core/auth/mechanism.js';
import { equalSecrets, type ScramCredentials, verifyProof } from '../../core/auth/scram.js';
import type { ChannelBindingType } from '../../engine/port.js';
import type { Jid } from '../../protocol/jid.js';
import { type ClientFirst, readClientFinal, readClientFirst } from './scram-messages.js';
import { accountAddressed, accountNamed } from './text.js';

const NAMES: Readonly<Record<PasswordHash, string>> = {
  sha: 'SCRAM-SHA-1',
  sha224: 'SCRAM-SHA-224',
  sha256: 'SCRAM-SHA-256',
  sha384: 'SCRAM-SHA-384',
  sha512: 'SCRAM-SHA-512',
};

const NONCE_BYTES = 18;
const BINDING_TYPES: readonly string[] = ['tls-unique', 'tls-server-end-point', 'tls-exporter'];

/** For one hash: the mechanism and its -PLUS variant, the stronger one first. */
export function scramMechanisms(hash: PasswordHash): Mechanism[] {
  const option = `scram_${hash === 'sha' ? 'sha1' : hash}`;
  const servedBy: Mechanism['servedBy'] = (capabilities) => capabilities.scram.includes(hash);
  const name = NAMES[hash];
  return [
    defineMechanism({
      name: `${name}-PLUS`,
      option: `${option}_plus`,
      needs: 'tls',
      channelBinding: true,
      servedBy,
      start: (context) => new ScramExchange(hash, `${name}-PLUS`, context, serverNonce(context)),
    }),
    defineMechanism({
      name,
      option,
      needs: 'anything',
      servedBy,
      start: (context) => new ScramExchange(hash, name, context, serverNonce(context)),
    }),
  ];
}

interface Challenged {
  readonly first: ClientFirst;
  readonly account: Jid;
  readonly credentials: ScramCredentials;
  /** Undefined for an account that does not exist: the exchange is played to its end all the same. */
  readonly method: string | undefined;
  readonly nonce: string;
  readonly serverFirst: string;
}

export class ScramExchange implements Exchange {
  readonly #hash: PasswordHash;
  readonly #mechanism: string;
  readonly #isPlus: boolean;
  readonly #context: ExchangeContext;
  readonly #serverNonce: string;
  #challenged: Challenged | undefined;

  constructor(hash: PasswordHash, mechanism: string, context: ExchangeContext, serverNonce: string) {
    this.#hash = hash;
    this.#mechanism = mechanism;
    this.#isPlus = mechanism.endsWith('-PLUS');
    this.#context = context;
    this.#serverNonce = serverNonce;
  }

  step(data: Uint8Array): SaslStep | Promise<SaslStep> {
    return this.#challenged ? this.#finish(data, this.#challenged) : this.#challenge(data);
  }

  #challenge(data: Uint8Array): SaslStep | Promise<SaslStep> {
    const first = readClientFirst(data);
    if (!first) return fail(SaslFailure.malformedRequest());
    const objection = this.#bindingObjection(first);
    if (objection) return fail(objection);

    const account = accountNamed(first.username, this.#context);
    if (!account) return fail(SaslFailure.notAuthorized());
    const { authzid } = first;
    if (authzid !== undefined && !accountAddressed(authzid, this.#context)?.equals(account)) {
      return fail(SaslFailure.invalidAuthzid());
    }
    return this.#lookUp(first, account);
  }

  async #lookUp(first: ClientFirst, account: Jid): Promise<SaslStep> {
    const { credentials, method } = await this.#context.methods.scramCredentials(account, this.#hash);
    const nonce = first.nonce + this.#serverNonce;
    const serverFirst = `r=${nonce},s=${toBase64(credentials.salt)},i=${credentials.iterations}`;
    this.#challenged = { first, account, credentials, method, nonce, serverFirst };
    return { kind: 'challenge', data: Buffer.from(serverFirst) };
  }

  /** RFC 5802 section 6. */
  #bindingObjection({ binding }: ClientFirst): SaslFailure | undefined {
    if (typeof binding === 'object') {
      if (!this.#isPlus) return SaslFailure.malformedRequest('channel binding needs a -PLUS mechanism');
      const isAvailable = isBindingType(binding.type) && this.#context.channelBinding(binding.type) !== undefined;
      return isAvailable ? undefined : SaslFailure.malformedRequest('unsupported channel binding type');
    }
    if (this.#isPlus) return SaslFailure.malformedRequest('a -PLUS mechanism needs channel binding');
    // The client would have bound the channel had it seen our offer: somebody took it out of the list.
    if (binding === 'y' && this.#context.offered.some((name) => name.endsWith('-PLUS'))) {
      return SaslFailure.malformedRequest('the server does support channel binding');
    }
    return undefined;
  }

  #finish(data: Uint8Array, challenged: Challenged): SaslStep {
    const final = readClientFinal(data);
    if (!final) return fail(SaslFailure.malformedRequest());
    const { first, account, credentials, method, nonce, serverFirst } = challenged;
    const isSameChannel = equalSecrets(final.channelBinding, this.#expectedBinding(first));
    const isSameNonce = equalSecrets(Buffer.from(final.nonce), Buffer.from(nonce));

    const authMessage = Buffer.from(`${first.bare},${serverFirst},${final.withoutProof}`);
    const signature = verifyProof(this.#hash, credentials, authMessage, final.proof);
    if (!signature || !isSameChannel || !isSameNonce || method === undefined) return fail(SaslFailure.notAuthorized());
    return {
      kind: 'success',
      data: Buffer.from(`v=${toBase64(signature)}`),
      identity: { jid: account, method, mechanism: this.#mechanism },
    };
  }

  #expectedBinding({ gs2Header, binding }: ClientFirst): Uint8Array {
    const header = Buffer.from(gs2Header);
    if (typeof binding !== 'object' || !isBindingType(binding.type)) return header;
    const data = this.#context.channelBinding(binding.type);
    // Without the data the header alone has to fail: the mechanism promised a binding.
    return data ? Buffer.concat([header, data]) : new Uint8Array();
  }
}

function serverNonce(context: ExchangeContext): string {
  return toBase64(context.randomBytes(NONCE_BYTES));
}

function isBindingType(type: string): type is ChannelBindingType {
  return BINDING_TYPES.includes(type);
}

function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function fail(failure: SaslFailure): SaslStep {
  return { kind: 'failure', failure };
}
