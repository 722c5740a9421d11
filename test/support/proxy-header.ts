/** PROXY headers as load balancers send them. */
import { isIPv4 } from 'node:net';

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');

export const tlv = {
  ALPN: 0x01,
  AUTHORITY: 0x02,
  CRC32C: 0x03,
  NOOP: 0x04,
  UNIQUE_ID: 0x05,
  SSL: 0x20,
  SSL_VERSION: 0x21,
  SSL_CN: 0x22,
  SSL_CIPHER: 0x23,
} as const;

export type Tlv = readonly [type: number, value: string | Uint8Array];

export interface V2Options {
  /** 1 for PROXY, 0 for LOCAL. */
  readonly command?: number;
  /** Byte 13: address family and transport. */
  readonly family?: number;
  readonly tlvs?: readonly Tlv[];
  /** Adds a checksum: the right one, or one that is not. */
  readonly checksum?: 'right' | 'wrong';
}

export function proxyV1(source: string, port: number, family = isIPv4(source) ? 'TCP4' : 'TCP6'): string {
  return `PROXY ${family} ${source} ${family === 'TCP4' ? '127.0.0.1' : '::1'} ${port} 5222\r\n`;
}

export function proxyV2(source: string, port: number, options: V2Options = {}): Buffer {
  const { command = 1, family = isIPv4(source) ? 0x11 : 0x21, tlvs = [], checksum } = options;
  const [from, to] = family >> 4 === 1 ? [source, '127.0.0.1'] : [source, '::1'];
  const ports = Buffer.alloc(4);
  ports.writeUInt16BE(port);
  ports.writeUInt16BE(5222, 2);
  return proxyV2Raw(
    0x20 | command,
    family,
    Buffer.concat([addressBytes(from), addressBytes(to), ports]),
    tlvs,
    checksum,
  );
}

/** With whatever stands for the addresses. */
export function proxyV2Raw(
  versionCommand: number,
  family: number,
  addresses: Uint8Array,
  tlvs: readonly Tlv[] = [],
  checksum?: V2Options['checksum'],
): Buffer {
  const all = checksum ? [...tlvs, [tlv.CRC32C, Buffer.alloc(4)] as Tlv] : tlvs;
  const rest = Buffer.concat([addresses, encodeTlvs(all)]);
  const fixed = Buffer.from([...SIGNATURE, versionCommand, family, rest.length >> 8, rest.length & 255]);
  const header = Buffer.concat([fixed, rest]);
  if (checksum) header.writeUInt32BE((crc32c(header) ^ (checksum === 'wrong' ? 1 : 0)) >>> 0, header.length - 4);
  return header;
}

/** The value of an SSL TLV: the client's bits, the result of the verification, and what is in it. */
export function sslTlv(client: number, verify: number, tlvs: readonly Tlv[]): Tlv {
  const head = Buffer.alloc(5);
  head.writeUInt8(client);
  head.writeUInt32BE(verify, 1);
  return [tlv.SSL, Buffer.concat([head, encodeTlvs(tlvs)])];
}

function encodeTlvs(tlvs: readonly Tlv[]): Buffer {
  return Buffer.concat(
    tlvs.flatMap(([type, value]) => {
      const bytes = Buffer.from(value as string);
      return [Buffer.from([type, bytes.length >> 8, bytes.length & 255]), bytes];
    }),
  );
}

function addressBytes(address: string): Buffer {
  if (isIPv4(address)) return Buffer.from(address.split('.').map(Number));
  const [head = '', tail = ''] = address.split('::');
  const words = (text: string) => text.split(':').filter(Boolean);
  const missing = 8 - words(head).length - words(tail).length;
  const all = [...words(head), ...Array.from({ length: missing }, () => '0'), ...words(tail)];
  return Buffer.from(all.map((word) => word.padStart(4, '0')).join(''), 'hex');
}

/** Over a header whose checksum is still zero (section 2.2.3). */
function crc32c(header: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of header) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc & 1) === 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}
