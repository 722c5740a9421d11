/** The names in a client certificate that can stand for an account: xmppAddr (RFC 6120 section 13.7.1.4) and common name. */

export interface CertificateNames {
  readonly xmppAddresses: readonly string[];
  readonly commonName: string | undefined;
}

interface DerValue {
  readonly tag: number;
  readonly content: Uint8Array;
}

const SEQUENCE = 0x30;
const SET = 0x31;
const OID = 0x06;
const OCTET_STRING = 0x04;
const UTF8_STRING = 0x0c;
/** Printable, Teletex, IA5: read as far as they are ASCII. */
const ASCII_STRINGS = [0x13, 0x14, 0x16];
/** TBSCertificate (RFC 5280 section 4.1). */
const EXTENSIONS = 0xa3;
/** GeneralName: otherName (RFC 5280 section 4.2.1.6). */
const OTHER_NAME = 0xa0;
const EXPLICIT_0 = 0xa0;

const COMMON_NAME_OID = '550403';
const SUBJECT_ALT_NAME_OID = '551d11';
/** id-on-xmppAddr, 1.3.6.1.5.5.7.8.5. */
const XMPP_ADDR_OID = '2b06010505070805';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for anything that is not a well-formed certificate. The signature is the engine's business. */
export function certificateNames(der: Uint8Array): CertificateNames | undefined {
  try {
    const [certificate] = readAll(der);
    const [tbs] = readAll(expect(certificate, SEQUENCE));
    const fields = readAll(expect(tbs, SEQUENCE));
    // version is [0] and may be missing; then serial, signature, issuer, validity, subject.
    const subject = fields[fields[0]?.tag === EXPLICIT_0 ? 5 : 4];
    const extensions = fields.find((field) => field.tag === EXTENSIONS);
    return {
      commonName: commonNameOf(expect(subject, SEQUENCE)),
      xmppAddresses: extensions ? xmppAddressesOf(extensions.content) : [],
    };
  } catch (error) {
    if (error instanceof MalformedDer || error instanceof TypeError) return undefined;
    throw error;
  }
}

class MalformedDer extends Error {}

/** Definite lengths of up to four bytes, single-byte tags: all that certificates use. */
function readAll(bytes: Uint8Array): DerValue[] {
  const values: DerValue[] = [];
  let at = 0;
  while (at < bytes.length) {
    const tag = bytes[at++] as number;
    let length = bytes[at++] ?? 0x80;
    if ((tag & 0x1f) === 0x1f || length === 0x80 || length > 0x84) throw new MalformedDer();
    if (length > 0x80) {
      const count = length - 0x80;
      length = 0;
      for (let i = 0; i < count; i++) length = length * 256 + (bytes[at++] ?? Number.NaN);
    }
    if (!(at + length <= bytes.length)) throw new MalformedDer();
    values.push({ tag, content: bytes.subarray(at, at + length) });
    at += length;
  }
  return values;
}

function expect(value: DerValue | undefined, tag: number): Uint8Array {
  if (value?.tag !== tag) throw new MalformedDer();
  return value.content;
}

/** The last one: the most specific by RFC 4514's order of names. */
function commonNameOf(subject: Uint8Array): string | undefined {
  let name: string | undefined;
  for (const set of readAll(subject)) {
    for (const attribute of readAll(expect(set, SET))) {
      const [type, value] = readAll(expect(attribute, SEQUENCE));
      if (hex(expect(type, OID)) === COMMON_NAME_OID && value) name = textOf(value) ?? name;
    }
  }
  return name;
}

function xmppAddressesOf(extensions: Uint8Array): string[] {
  const [list] = readAll(extensions);
  for (const extension of readAll(expect(list, SEQUENCE))) {
    const parts = readAll(expect(extension, SEQUENCE));
    if (hex(expect(parts[0], OID)) !== SUBJECT_ALT_NAME_OID) continue;
    const [names] = readAll(expect(parts.at(-1), OCTET_STRING));
    return readAll(expect(names, SEQUENCE)).flatMap(xmppAddressOf);
  }
  return [];
}

function xmppAddressOf(name: DerValue): string[] {
  if (name.tag !== OTHER_NAME) return [];
  const [type, value] = readAll(name.content);
  if (hex(expect(type, OID)) !== XMPP_ADDR_OID) return [];
  const [text] = readAll(expect(value, EXPLICIT_0));
  const address = text && textOf(text);
  return address === undefined ? [] : [address];
}

/** A NUL inside a name is a known way to make two readers see different names. */
function textOf({ tag, content }: DerValue): string | undefined {
  if (content.includes(0)) return undefined;
  if (tag === UTF8_STRING) return utf8.decode(content);
  if (!ASCII_STRINGS.includes(tag) || content.some((byte) => byte > 0x7e)) return undefined;
  return Buffer.from(content).toString('latin1');
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
