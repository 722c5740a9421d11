/** SASL as a client: PLAIN, ANONYMOUS, SCRAM (RFC 4616, RFC 4505, RFC 5802, RFC 7677). */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);
const HASHES = { 'SCRAM-SHA-256': ['sha256', 32], 'SCRAM-SHA-1': ['sha1', 20] };
/** Best first. */
const PREFERRED = ['SCRAM-SHA-256', 'SCRAM-SHA-1', 'PLAIN', 'ANONYMOUS'];

export class SaslError extends Error {}

/** `wanted` is a mechanism or `auto`. */
export function chooseMechanism(offered, wanted) {
  if (wanted !== 'auto') {
    if (offered.includes(wanted)) return wanted;
    throw new SaslError(`the server does not offer ${wanted}, but ${offered.join(', ') || 'no mechanism'}`);
  }
  const best = PREFERRED.find((one) => offered.includes(one));
  if (best === undefined) throw new SaslError(`the server offers only ${offered.join(', ') || 'no mechanism'}`);
  return best;
}

/** Its first message, what answers a challenge, and a check of what came with success; texts, not base64. */
export function startMechanism(mechanism, { username, password, keys }) {
  if (mechanism === 'PLAIN') return { first: `\0${username}\0${password}`, answer: unexpected, finish() {} };
  if (mechanism === 'ANONYMOUS') return { first: '', answer: unexpected, finish() {} };
  return new Scram(mechanism, username, password, keys);
}

function unexpected(challenge) {
  throw new SaslError(`the server challenges a mechanism that has nothing to answer: ${challenge}`);
}

/**
 * `keys` is kept from one login to the next, as RFC 5802 section 3 lets clients do: deriving them costs a client far more than a
 * server that has them stored.
 */
class Scram {
  #hash;
  #length;
  #username;
  #password;
  #keys;
  #nonce = randomBytes(18).toString('base64');
  #serverSignature;

  constructor(mechanism, username, password, keys) {
    [this.#hash, this.#length] = HASHES[mechanism];
    this.#username = username.replaceAll('=', '=3D').replaceAll(',', '=2C');
    this.#password = password;
    this.#keys = keys;
    this.first = `n,,${this.#bare}`;
  }

  get #bare() {
    return `n=${this.#username},r=${this.#nonce}`;
  }

  async answer(challenge) {
    const fields = Object.fromEntries(challenge.split(',').map((field) => [field[0], field.slice(2)]));
    const { r: nonce, s: salt, i: iterations } = fields;
    if (!nonce?.startsWith(this.#nonce) || nonce === this.#nonce || !salt || !(Number(iterations) > 0))
      throw new SaslError(`not a SCRAM challenge: ${challenge}`);
    const { clientKey, serverKey } = await this.#keysFor(salt, Number(iterations));
    const withoutProof = `c=biws,r=${nonce}`;
    const message = `${this.#bare},${challenge},${withoutProof}`;
    this.#serverSignature = this.#hmac(serverKey, message);
    const stored = createHash(this.#hash).update(clientKey).digest();
    const signature = this.#hmac(stored, message);
    const proof = clientKey.map((byte, index) => byte ^ signature[index]);
    return `${withoutProof},p=${Buffer.from(proof).toString('base64')}`;
  }

  /** The server has to prove that it knows the password, too. */
  finish(text) {
    const given = Buffer.from(/^v=([^,]+)/.exec(text ?? '')?.[1] ?? '', 'base64');
    if (!this.#serverSignature || given.length !== this.#length || !timingSafeEqual(given, this.#serverSignature))
      throw new SaslError('the server does not know the password');
  }

  async #keysFor(salt, iterations) {
    const name = `${this.#hash} ${this.#username} ${salt} ${iterations}`;
    let keys = this.#keys.get(name);
    if (!keys) {
      const password = this.#password.normalize('NFKC');
      const salted = await derive(password, Buffer.from(salt, 'base64'), iterations, this.#length, this.#hash);
      keys = { clientKey: this.#hmac(salted, 'Client Key'), serverKey: this.#hmac(salted, 'Server Key') };
      this.#keys.set(name, keys);
    }
    return keys;
  }

  #hmac(key, message) {
    return createHmac(this.#hash, key).update(message).digest();
  }
}
