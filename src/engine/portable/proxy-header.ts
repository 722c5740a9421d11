/** Reads the header by which a load balancer tells whom a connection comes from (the PROXY protocol, versions 1 and 2). */
import { isIPv6, SocketAddress } from 'node:net';
import { refusal } from '../envelope.js';
import type { ProxiedTls } from '../port.js';

export interface ProxyFacts {
  readonly authority: string | undefined;
  readonly alpn: string | undefined;
  readonly tls: ProxiedTls | undefined;
  readonly uniqueId: Uint8Array | undefined;
}

export interface ProxyHeader {
  /** Bytes of the header. */
  readonly consumed: number;
  /** Undefined when the header gives no IP address. */
  readonly source: { readonly address: string; readonly port: number } | undefined;
  /** Undefined when the balancer speaks for itself, or of somebody unknown. */
  readonly facts: ProxyFacts | undefined;
}

/** The header, a `refusal`, or undefined while more is needed. */
export type ProxyResult = ProxyHeader | number | undefined;

const SIGNATURE = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const V1_OPENING = Buffer.from('PROXY ', 'latin1');
const MOST_V1_BYTES = 107;
const V2_FIXED_BYTES = 16;
const TLV_HEAD_BYTES = 3;
const NO_FACTS: ProxyFacts = { authority: undefined, alpn: undefined, tls: undefined, uniqueId: undefined };
/** By address family: unspecified, IPv4, IPv6, Unix. */
const ADDRESS_BYTES = [0, 12, 36, 216];
/** Section 2.2: types of TLVs, and of those within that of TLS. */
const tlvType = {
  ALPN: 0x01,
  AUTHORITY: 0x02,
  CRC32C: 0x03,
  UNIQUE_ID: 0x05,
  SSL: 0x20,
  SSL_VERSION: 0x21,
  SSL_CN: 0x22,
  SSL_CIPHER: 0x23,
} as const;
const SSL_HEAD_BYTES = 5;

/** `bytes` are all that was received so far; more than `limit` is never needed. */
export function readProxyHeader(bytes: Buffer, limit: number): ProxyResult {
  if (startsLike(bytes, SIGNATURE)) return bytes.length < SIGNATURE.length ? undefined : readV2(bytes, limit);
  if (startsLike(bytes, V1_OPENING)) return bytes.length < V1_OPENING.length ? undefined : readV1(bytes);
  return refusal.MISSING;
}

function startsLike(bytes: Buffer, opening: Buffer): boolean {
  const size = Math.min(bytes.length, opening.length);
  return bytes.subarray(0, size).equals(opening.subarray(0, size));
}

/** Section 2.1. */
function readV1(bytes: Buffer): ProxyResult {
  const text = bytes.latin1Slice(0, Math.min(bytes.length, MOST_V1_BYTES));
  const end = text.indexOf('\r\n');
  if (end < 0) return text.length === MOST_V1_BYTES ? refusal.TOO_LONG : undefined;
  const consumed = end + 2;
  const [family, source = '', destination = '', ...ports] = text.slice(V1_OPENING.length, end).split(' ');
  // Whatever follows is to be ignored.
  if (family === 'UNKNOWN') return { consumed, source: undefined, facts: undefined };
  const isAddress = family === 'TCP4' ? isPlainIpv4 : family === 'TCP6' ? isPlainIpv6 : undefined;
  const [port, destinationPort] = ports.map((word) => readNumber(word, 65_535));
  const isWhole = ports.length === 2 && port !== undefined && destinationPort !== undefined;
  if (!isWhole || !isAddress?.(source) || !isAddress(destination)) return refusal.BROKEN;
  return { consumed, source: { address: canonicalAddress(source), port }, facts: NO_FACTS };
}

/** Decimal without leading zeros. */
function readNumber(text: string, most: number): number | undefined {
  if (!/^(?:0|[1-9]\d{0,4})$/.test(text)) return undefined;
  const number = Number(text);
  return number <= most ? number : undefined;
}

function isPlainIpv4(text: string): boolean {
  const parts = text.split('.');
  return parts.length === 4 && parts.every((part) => readNumber(part, 255) !== undefined);
}

function isPlainIpv6(text: string): boolean {
  return isIPv6(text) && !text.includes('%');
}

/** Section 2.2. */
function readV2(bytes: Buffer, limit: number): ProxyResult {
  if (bytes.length < V2_FIXED_BYTES) return undefined;
  const [versionCommand, familyTransport] = [bytes.readUInt8(12), bytes.readUInt8(13)];
  const [version, command] = [versionCommand >> 4, versionCommand & 15];
  const [family, transport] = [familyTransport >> 4, familyTransport & 15];
  const consumed = V2_FIXED_BYTES + bytes.readUInt16BE(14);
  if (version !== 2 || command > 1 || family > 3 || transport > 2) return refusal.BROKEN;
  if (consumed > limit) return refusal.TOO_LONG;
  if (bytes.length < consumed) return undefined;
  // Of a LOCAL connection everything else is to be discarded.
  if (command === 0) return { consumed, source: undefined, facts: undefined };

  const tlvsAt = V2_FIXED_BYTES + (ADDRESS_BYTES[family] as number);
  if (consumed < tlvsAt) return refusal.BROKEN;
  // Without a family nobody knows where the addresses end.
  if (family === 0) return { consumed, source: undefined, facts: undefined };
  const header = bytes.subarray(0, consumed);
  const { tlvs, end } = readTlvs(header, tlvsAt);
  const failure = checkSums(header, tlvs) ?? (end === consumed ? undefined : refusal.BROKEN);
  if (failure !== undefined) return failure;
  if (transport === 0) return { consumed, source: undefined, facts: undefined };
  return { consumed, source: readSource(header, family), facts: readFacts(tlvs) };
}

function readSource(header: Buffer, family: number): ProxyHeader['source'] {
  if (family === 3) return undefined;
  const size = family === 1 ? 4 : 16;
  const raw = header.subarray(V2_FIXED_BYTES, V2_FIXED_BYTES + size);
  const words = Array.from({ length: size / 2 }, (_, index) => raw.readUInt16BE(index * 2).toString(16));
  const address = family === 1 ? [...raw].join('.') : canonicalAddress(words.join(':'));
  return { address, port: header.readUInt16BE(V2_FIXED_BYTES + 2 * size) };
}

/** As the system writes it; an IPv4 address in IPv6 notation as IPv4 (RFC 4291 section 2.5.5.2). */
export function canonicalAddress(address: string): string {
  if (!address.includes(':')) return address;
  const written = new SocketAddress({ address, family: 'ipv6' }).address;
  return written.replace(/^::ffff:(?=\d+\.)/, '');
}

interface Tlv {
  readonly type: number;
  readonly value: Buffer;
  /** Of the value, from the start of the header. */
  readonly at: number;
}

/** Those before the first that is not whole, and where they end. */
function readTlvs(bytes: Buffer, from: number): { tlvs: Tlv[]; end: number } {
  const tlvs: Tlv[] = [];
  let at = from;
  while (at + TLV_HEAD_BYTES <= bytes.length) {
    const size = bytes.readUInt16BE(at + 1);
    const value = bytes.subarray(at + TLV_HEAD_BYTES, at + TLV_HEAD_BYTES + size);
    if (value.length < size) break;
    tlvs.push({ type: bytes.readUInt8(at), value, at: at + TLV_HEAD_BYTES });
    at += TLV_HEAD_BYTES + size;
  }
  return { tlvs, end: at };
}

/** Section 2.2.3: a `refusal` when a checksum is not right. */
function checkSums(header: Buffer, tlvs: readonly Tlv[]): number | undefined {
  for (const { type, value, at } of tlvs) {
    if (type !== tlvType.CRC32C) continue;
    if (value.length !== 4) return refusal.BROKEN;
    if (crc32c(header, at) !== value.readUInt32BE()) return refusal.BAD_CHECKSUM;
  }
  return undefined;
}

/** The four bytes of the sum itself count as zeros. */
function crc32c(header: Buffer, sumAt: number): number {
  let crc = 0xffffffff;
  for (let index = 0; index < header.length; index++) {
    crc ^= index >= sumAt && index < sumAt + 4 ? 0 : header.readUInt8(index);
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ ((crc & 1) * 0x82f63b78);
  }
  return ~crc >>> 0;
}

function readFacts(tlvs: readonly Tlv[]): ProxyFacts {
  const value = (type: number) => tlvs.findLast((tlv) => tlv.type === type)?.value;
  const id = value(tlvType.UNIQUE_ID);
  return {
    authority: text(value(tlvType.AUTHORITY)),
    alpn: text(value(tlvType.ALPN)),
    tls: readTls(value(tlvType.SSL)),
    uniqueId: id && id.length > 0 ? Uint8Array.from(id) : undefined,
  };
}

function readTls(value: Buffer | undefined): ProxiedTls | undefined {
  if (!value || value.length < SSL_HEAD_BYTES || (value.readUInt8() & 0x01) === 0) return undefined;
  const { tlvs } = readTlvs(value, SSL_HEAD_BYTES);
  const part = (type: number) => text(tlvs.findLast((tlv) => tlv.type === type)?.value);
  // A certificate was shown on this connection, or in the session that it resumed.
  const hasCertificate = (value.readUInt8() & 0x06) !== 0;
  return {
    version: part(tlvType.SSL_VERSION),
    cipher: part(tlvType.SSL_CIPHER),
    clientCommonName: part(tlvType.SSL_CN),
    verified: hasCertificate && value.readUInt32BE(1) === 0,
  };
}

function text(value: Buffer | undefined): string | undefined {
  return value && value.length > 0 ? value.toString() : undefined;
}
