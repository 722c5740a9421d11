/** The names that a certificate speaks for (RFC 6120 section 13.7, XEP-0178), read with distrust. */
import { X509Certificate } from 'node:crypto';
import {
  type Asn1,
  COMMON_NAME_OID,
  DNS_SRV_OID,
  type Forge,
  forge,
  SUBJECT_ALT_NAME_OID,
  XMPP_ADDR_OID,
} from './forge.js';

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
const MAX_DEPTH = 20;

/** GeneralName (RFC 5280 section 4.2.1.6). */
const OTHER_NAME = 0;
const DNS_NAME = 2;

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

class Malformed extends Error {}

/**
 * `undefined` for anything that is no certificate, or one whose names may not mean the same to every reader: with a NUL
 * or an undecodable byte in a name, or with two lists of names. The signature is not looked at.
 */
export function certificateIdentities(der: Uint8Array): CertificateIdentities | undefined {
  if (der.length > MAX_BYTES) return undefined;
  try {
    // What OpenSSL took for the certificate, should more bytes follow it.
    const raw = new X509Certificate(der).raw.toString('latin1');
    return new Reader(forge()).read(raw);
  } catch {
    // OpenSSL and forge throw plain errors of many kinds for malformed input; nothing else here can fail.
    return undefined;
  }
}

class Reader {
  readonly #forge: Forge;

  constructor(library: Forge) {
    this.#forge = library;
  }

  read(der: string): CertificateIdentities {
    const [tbs] = children(this.#parse(der));
    const fields = children(tbs);
    // RFC 5280 section 4.1: version [0], left out in version 1; serial, signature, issuer, validity, subject.
    const subject = fields[isContext(fields[0], 0) ? 5 : 4];
    const names = this.#alternativeNames(fields);
    return {
      xmppAddresses: names.flatMap((name) => this.#otherName(name, XMPP_ADDR_OID)),
      dnsNames: names.filter((name) => isContext(name, DNS_NAME)).map((name) => asciiText(bytes(name))),
      srvNames: names.flatMap((name) => this.#otherName(name, DNS_SRV_OID)),
      commonName: this.#commonName(subject),
    };
  }

  #parse(der: string): Asn1 {
    // Without decodeBitStrings forge does not guess at what a BIT STRING may hold.
    const options = { strict: true, parseAllBytes: true, decodeBitStrings: false, maxDepth: MAX_DEPTH };
    return this.#forge.asn1.fromDer(der, options as unknown as boolean);
  }

  #alternativeNames(fields: readonly Asn1[]): Asn1[] {
    const holder = fields.find((field) => isContext(field, 3));
    if (!holder) return [];
    const found = children(children(holder)[0]).filter(
      (extension) => this.#oid(children(extension)[0]) === SUBJECT_ALT_NAME_OID,
    );
    // RFC 5280 section 4.2: no extension may be there twice.
    if (found.length > 1) throw new Malformed();
    return found[0] ? children(this.#parse(bytes(children(found[0]).at(-1)))) : [];
  }

  #otherName(name: Asn1, oid: string): string[] {
    if (!isContext(name, OTHER_NAME)) return [];
    const [type, value] = children(name);
    if (this.#oid(type) !== oid) return [];
    const [text] = children(value);
    if (!text || !isContext(value, 0)) throw new Malformed();
    return [this.#text(text)];
  }

  #commonName(subject: Asn1 | undefined): string | undefined {
    let name: string | undefined;
    for (const set of children(subject)) {
      for (const attribute of children(set)) {
        const [type, value] = children(attribute);
        if (this.#oid(type) === COMMON_NAME_OID && value) name = this.#text(value);
      }
    }
    return name;
  }

  #text(value: Asn1): string {
    const { Type, Class } = this.#forge.asn1;
    if (value.tagClass !== Class.UNIVERSAL) throw new Malformed();
    const content = bytes(value);
    if (value.type === Type.UTF8) return withoutNul(utf8.decode(Buffer.from(content, 'latin1')));
    if (value.type === Type.PRINTABLESTRING || value.type === Type.IA5STRING) return asciiText(content);
    throw new Malformed();
  }

  #oid(value: Asn1 | undefined): string {
    if (value?.type !== this.#forge.asn1.Type.OID) throw new Malformed();
    return this.#forge.asn1.derToOid(bytes(value));
  }
}

function children(value: Asn1 | undefined): Asn1[] {
  if (!value || typeof value.value === 'string') throw new Malformed();
  return value.value;
}

function bytes(value: Asn1 | undefined): string {
  if (typeof value?.value !== 'string') throw new Malformed();
  return value.value;
}

function isContext(value: Asn1 | undefined, tag: number): boolean {
  return value?.tagClass === 0x80 && Number(value.type) === tag;
}

function asciiText(text: string): string {
  if (!/^[\x01-\x7e]*$/.test(text)) throw new Malformed();
  return text;
}

function withoutNul(text: string): string {
  if (text.includes('\0')) throw new Malformed();
  return text;
}
