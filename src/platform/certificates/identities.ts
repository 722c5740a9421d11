/** The names that a certificate speaks for (RFC 6120 section 13.7, XEP-0178), read with distrust. */
import { X509Certificate } from 'node:crypto';
import { childrenOf, contextTag, type DerValue, MalformedDer, oidOf, readDer, tag } from './der.js';
import { oid } from './oids.js';

export interface CertificateIdentities {
  /** As written, not prepared: RFC 6120 section 13.7.1.4. */
  readonly xmppAddresses: readonly string[];
  readonly dnsNames: readonly string[];
  /** RFC 4985: `_xmpp-client.example.com`. */
  readonly srvNames: readonly string[];
  /** The last one of the subject. Stands for nothing unless the configuration says so. */
  readonly commonName: string | undefined;
}

const MAX_BYTES = 64 * 1024;

/** TBSCertificate (RFC 5280 section 4.1). */
const VERSION = contextTag(0, true);
const EXTENSIONS = contextTag(3, true);
/** GeneralName (RFC 5280 section 4.2.1.6). */
const OTHER_NAME = contextTag(0, true);
const OTHER_NAME_VALUE = contextTag(0, true);
const DNS_NAME = contextTag(2, false);

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * `undefined` for anything that is no certificate, or one whose names may not mean the same to every reader: with a NUL
 * or an undecodable byte in a name, or with two lists of names. The signature is not looked at.
 */
export function certificateIdentities(der: Uint8Array): CertificateIdentities | undefined {
  const bytes = certificateBytes(der);
  if (!bytes) return undefined;
  try {
    return readIdentities(bytes);
  } catch (error) {
    if (error instanceof MalformedDer) return undefined;
    throw error;
  }
}

/** What OpenSSL takes for the certificate, which is what it verified, should more bytes follow it. */
function certificateBytes(der: Uint8Array): Uint8Array | undefined {
  if (der.length > MAX_BYTES) return undefined;
  try {
    return new X509Certificate(der).raw;
  } catch {
    return undefined;
  }
}

function readIdentities(bytes: Uint8Array): CertificateIdentities {
  const [certificate] = readDer(bytes);
  const [tbs] = childrenOf(certificate, tag.SEQUENCE);
  const fields = childrenOf(tbs, tag.SEQUENCE);
  // The version is left out in version 1; then serial, signature, issuer, validity, subject.
  const subject = fields[fields[0]?.tag === VERSION ? 5 : 4];
  const names = alternativeNames(fields.find((field) => field.tag === EXTENSIONS));
  return {
    xmppAddresses: names.flatMap((name) => otherName(name, oid.XMPP_ADDR)),
    dnsNames: names.filter((name) => name.tag === DNS_NAME).map((name) => asciiOf(name.content)),
    srvNames: names.flatMap((name) => otherName(name, oid.DNS_SRV)),
    commonName: commonNameOf(subject),
  };
}

function alternativeNames(extensions: DerValue | undefined): DerValue[] {
  if (!extensions) return [];
  const [list] = childrenOf(extensions, EXTENSIONS);
  const found = childrenOf(list, tag.SEQUENCE)
    .map((extension) => childrenOf(extension, tag.SEQUENCE))
    .filter(([id]) => oidOf(id) === oid.SUBJECT_ALT_NAME);
  // RFC 5280 section 4.2: no extension may be there twice.
  if (found.length > 1) throw new MalformedDer('two lists of names');
  if (!found[0]) return [];
  const [names] = childrenOf(found[0].at(-1), tag.OCTET_STRING);
  return childrenOf(names, tag.SEQUENCE);
}

function otherName(name: DerValue, wanted: string): string[] {
  if (name.tag !== OTHER_NAME) return [];
  const [type, value] = childrenOf(name, OTHER_NAME);
  if (oidOf(type) !== wanted) return [];
  const [text] = childrenOf(value, OTHER_NAME_VALUE);
  return [textOf(text)];
}

function commonNameOf(subject: DerValue | undefined): string | undefined {
  let name: string | undefined;
  for (const set of childrenOf(subject, tag.SEQUENCE)) {
    for (const attribute of childrenOf(set, tag.SET)) {
      const [type, value] = childrenOf(attribute, tag.SEQUENCE);
      if (oidOf(type) === oid.COMMON_NAME) name = value && isText(value) ? textOf(value) : undefined;
    }
  }
  return name;
}

/** Other kinds of strings, of which old certificates have some, mean different things to different readers. */
function isText(value: DerValue): boolean {
  return value.tag === tag.UTF8_STRING || value.tag === tag.PRINTABLE_STRING || value.tag === tag.IA5_STRING;
}

function textOf(value: DerValue | undefined): string {
  if (!value || !isText(value)) throw new MalformedDer('a name that is no text');
  if (value.tag !== tag.UTF8_STRING) return asciiOf(value.content);
  if (value.content.includes(0)) throw new MalformedDer('a NUL in a name');
  try {
    return utf8.decode(value.content);
  } catch {
    throw new MalformedDer('a name that is not UTF-8');
  }
}

function asciiOf(content: Uint8Array): string {
  if (content.some((byte) => byte === 0 || byte > 0x7e)) throw new MalformedDer('a name that is not ASCII');
  return Buffer.from(content).toString('latin1');
}
