/** The client's side of SCRAM (RFC 5802, RFC 7677) over WebCrypto. */
import { fromBase64, toBase64 } from './base64.js';
import { saslPrepared } from './saslprep.js';

const HASHES = {
  'SCRAM-SHA-256': 'SHA-256',
  'SCRAM-SHA-512': 'SHA-512',
  'SCRAM-SHA-1': 'SHA-1',
} as const;

export type ScramMechanism = keyof typeof HASHES;

/** The best first. */
export const scramMechanisms = Object.keys(HASHES) as ScramMechanism[];

/** More would keep the page busy for minutes. */
const MAX_ITERATIONS = 5_000_000;
/** No channel binding: pages cannot see the TLS connection. */
const GS2_HEADER = 'n,,';

export interface ScramParts {
  readonly mechanism: ScramMechanism;
  readonly username: string;
  readonly password: string;
  /** Printable, without commas. */
  readonly nonce: string;
}

/** The server did not follow the protocol, or does not know the password. */
export class ScramError extends Error {}

export class Scram {
  readonly #parts: ScramParts;
  #serverSignature: string | undefined;

  constructor(parts: ScramParts) {
    this.#parts = parts;
  }

  first(): string {
    return `${GS2_HEADER}${this.#firstBare()}`;
  }

  /** The answer to the server's challenge. */
  async final(challenge: string): Promise<string> {
    const fields = fieldsOf(challenge);
    const { nonce, password } = this.#parts;
    const whole = fields.get('r') ?? '';
    const iterations = Number(fields.get('i'));
    // RFC 5802 section 5.1: what is mandatory to understand is not understood here.
    if (fields.has('m')) throw new ScramError('the server demands an extension');
    if (!whole.startsWith(nonce) || whole.length <= nonce.length) throw new ScramError('not an answer to our nonce');
    if (!Number.isInteger(iterations) || iterations < 1 || iterations > MAX_ITERATIONS)
      throw new ScramError('an iteration count out of range');
    const withoutProof = `c=${toBase64(bytesOf(GS2_HEADER))},r=${whole}`;
    const signed = bytesOf(`${this.#firstBare()},${challenge},${withoutProof}`);
    const salted = await this.#salted(saslPrepared(password), fromBase64(fields.get('s') ?? ''), iterations);
    const clientKey = await this.#hmac(salted, bytesOf('Client Key'));
    const storedKey = new Uint8Array(await crypto.subtle.digest(this.#hash, clientKey));
    const signature = await this.#hmac(storedKey, signed);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] as number));
    this.#serverSignature = toBase64(await this.#hmac(await this.#hmac(salted, bytesOf('Server Key')), signed));
    return `${withoutProof},p=${toBase64(proof)}`;
  }

  /** Throws unless the server has shown that it knows the password, too. */
  verify(success: string): void {
    const shown = fieldsOf(success).get('v');
    if (this.#serverSignature === undefined || shown !== this.#serverSignature) {
      throw new ScramError('the server does not know the password');
    }
  }

  get #hash(): string {
    return HASHES[this.#parts.mechanism];
  }

  #firstBare(): string {
    const username = saslPrepared(this.#parts.username).replaceAll('=', '=3D').replaceAll(',', '=2C');
    return `n=${username},r=${this.#parts.nonce}`;
  }

  async #salted(password: string, salt: Uint8Array<ArrayBuffer>, iterations: number): Promise<Uint8Array<ArrayBuffer>> {
    const key = await crypto.subtle.importKey('raw', bytesOf(password), 'PBKDF2', false, ['deriveBits']);
    const bits = { 'SHA-256': 256, 'SHA-512': 512, 'SHA-1': 160 }[this.#hash] as number;
    return new Uint8Array(
      await crypto.subtle.deriveBits({ name: 'PBKDF2', hash: this.#hash, salt, iterations }, key, bits),
    );
  }

  async #hmac(key: Uint8Array<ArrayBuffer>, data: Uint8Array<ArrayBuffer>): Promise<Uint8Array<ArrayBuffer>> {
    const algorithm = { name: 'HMAC', hash: this.#hash };
    const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
    return new Uint8Array(await crypto.subtle.sign('HMAC', imported, data));
  }
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function fieldsOf(message: string): Map<string, string> {
  return new Map(message.split(',').map((field) => [field.slice(0, 1), field.slice(2)]));
}
