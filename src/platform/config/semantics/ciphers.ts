/** Translates cipher suites from Erlang's tables into OpenSSL's names. */
import type { Table } from '../validate.js';

const exchanges: Readonly<Record<string, string>> = {
  ecdhe_ecdsa: 'ECDHE-ECDSA',
  ecdhe_rsa: 'ECDHE-RSA',
  dhe_rsa: 'DHE-RSA',
  dhe_dss: 'DHE-DSS',
  ecdh_ecdsa: 'ECDH-ECDSA',
  ecdh_rsa: 'ECDH-RSA',
  rsa: '',
};

const ciphers: Readonly<Record<string, string>> = {
  aes_128_gcm: 'AES128-GCM',
  aes_256_gcm: 'AES256-GCM',
  aes_128_ccm: 'AES128-CCM',
  aes_256_ccm: 'AES256-CCM',
  aes_128_cbc: 'AES128',
  aes_256_cbc: 'AES256',
  chacha20_poly1305: 'CHACHA20-POLY1305',
};

/** Undefined for a combination that OpenSSL has no name for. */
export function cipherNameOf(suite: Table): string | undefined {
  const { cipher, key_exchange: exchange, mac, prf } = suite;
  const name = ciphers[String(cipher)];
  const hash = String(mac === 'aead' ? prf : mac).toUpperCase();
  if (name === undefined) return undefined;
  // TLS 1.3 suites name no key exchange.
  if (exchange === 'any') {
    const tls13 = name.replace(/^AES(\d+)/, 'AES_$1').replaceAll('-', '_');
    return `TLS_${tls13}_${hash}`;
  }
  const front = exchanges[String(exchange)];
  if (front === undefined) return undefined;
  const back = name.includes('CHACHA20') || name.endsWith('CCM') ? '' : `-${hash}`;
  return `${front === '' ? '' : `${front}-`}${name}${back}`;
}
