/** The client's side of SASL for tests, written from the RFCs and sharing no code with the server. */
import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

export interface ScramClientOptions {
  /** `SCRAM-SHA-256` or `SCRAM-SHA-256-PLUS`. */
  readonly mechanism: string;
  readonly username: string;
  readonly password: string;
  readonly authzid?: string | undefined;
  /** Printable characters without a comma; fixed by default, which no real client may do. */
  readonly nonce?: string | undefined;
  /** For -PLUS; also sent with another mechanism, which a server has to refuse. */
  readonly channelBinding?: { readonly type: string; readonly data: Uint8Array } | undefined;
  /** What a client without channel binding says: `n`, or `y` when it saw no -PLUS offered. */
  readonly flag?: 'n' | 'y' | undefined;
}

const DIGESTS: Readonly<Record<string, string>> = {
  'SHA-1': 'sha1',
  'SHA-224': 'sha224',
  'SHA-256': 'sha256',
  'SHA-384': 'sha384',
  'SHA-512': 'sha512',
};

/** One login: `first()`, then `final(challenge)`, then `verify(success)`. */
export class ScramClient {
  readonly mechanism: string;
  readonly #options: ScramClientOptions;
  readonly #digest: string;
  readonly #nonce: string;
  #serverSignature: Buffer | undefined;

  constructor(options: ScramClientOptions) {
    const digest = DIGESTS[options.mechanism.replace(/^SCRAM-/, '').replace(/-PLUS$/, '')];
    if (!digest) throw new Error(`${options.mechanism} is not SCRAM`);
    this.mechanism = options.mechanism;
    this.#options = options;
    this.#digest = digest;
    this.#nonce = options.nonce ?? 'rOprNGfwEbeRWgbNEkqO';
  }

  get gs2Header(): string {
    const { authzid, channelBinding, flag = 'n' } = this.#options;
    const how = channelBinding ? `p=${channelBinding.type}` : flag;
    return `${how},${authzid === undefined ? '' : `a=${saslName(authzid)}`},`;
  }

  first(): Buffer {
    return Buffer.from(this.gs2Header + this.#bare());
  }

  /** Throws when the challenge is not one of SCRAM's or does not continue our nonce. */
  final(challenge: Uint8Array): Buffer {
    const serverFirst = Buffer.from(challenge).toString();
    const [, nonce = '', salt = '', iterations = ''] = /^r=([^,]+),s=([^,]+),i=(\d+)$/.exec(serverFirst) ?? [];
    if (!nonce.startsWith(this.#nonce) || nonce === this.#nonce) throw new Error(`bad challenge: ${serverFirst}`);

    const bound = Buffer.concat([Buffer.from(this.gs2Header), this.#options.channelBinding?.data ?? Buffer.alloc(0)]);
    const withoutProof = `c=${bound.toString('base64')},r=${nonce}`;
    const salted = this.#salted(Buffer.from(salt, 'base64'), Number(iterations));
    const clientKey = this.#hmac(salted, 'Client Key');
    const storedKey = createHash(this.#digest).update(clientKey).digest();
    const authMessage = `${this.#bare()},${serverFirst},${withoutProof}`;
    const signature = this.#hmac(storedKey, authMessage);
    const proof = clientKey.map((byte, i) => byte ^ (signature[i] as number));
    this.#serverSignature = this.#hmac(this.#hmac(salted, 'Server Key'), authMessage);
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  /** Whether the server knows the password too. */
  verify(success: Uint8Array): boolean {
    return Buffer.from(success).toString() === `v=${this.#serverSignature?.toString('base64')}`;
  }

  #bare(): string {
    return `n=${saslName(this.#options.username)},r=${this.#nonce}`;
  }

  #salted(salt: Buffer, iterations: number): Buffer {
    const length = createHash(this.#digest).digest().length;
    return pbkdf2Sync(this.#options.password.normalize('NFKC'), salt, iterations, length, this.#digest);
  }

  #hmac(key: Uint8Array, text: string): Buffer {
    return createHmac(this.#digest, key).update(text).digest();
  }
}

/** RFC 4616 section 2. */
export function plainMessage(username: string, password: string, authzid = ''): Buffer {
  return Buffer.from(`${authzid}\0${username}\0${password}`);
}

/** RFC 4422 appendix A: the authorization identity, or nothing. */
export function externalMessage(authzid = ''): Buffer {
  return Buffer.from(authzid);
}

function saslName(name: string): string {
  return name.replaceAll('=', '=3D').replaceAll(',', '=2C');
}
