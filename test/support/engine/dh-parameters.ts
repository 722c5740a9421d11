/** Parameters for Diffie-Hellman in PEM, as `openssl dhparam` writes them (PKCS #3). */
import { createDiffieHellmanGroup } from 'node:crypto';

export function dhParameters(group = 'modp14'): string {
  const prime = createDiffieHellmanGroup(group).getPrime();
  const sequence = tagged(
    0x30,
    Buffer.concat([tagged(0x02, Buffer.concat([Buffer.from([0]), prime])), tagged(0x02, Buffer.from([2]))]),
  );
  return `-----BEGIN DH PARAMETERS-----\n${sequence.toString('base64')}\n-----END DH PARAMETERS-----\n`;
}

function tagged(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const header = length < 0x80 ? [tag, length] : [tag, 0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from(header), content]);
}
