/** Gives node-forge to those who need it, loaded only then: most processes never do, and it takes its time. */
import { createRequire } from 'node:module';

export type Forge = typeof import('node-forge');
export type Asn1 = import('node-forge').asn1.Asn1;

const require = createRequire(import.meta.url);

export function forge(): Forge {
  return require('node-forge') as Forge;
}

/** RFC 6120 section 13.7.1.4: id-on-xmppAddr. */
export const XMPP_ADDR_OID = '1.3.6.1.5.5.7.8.5';
/** RFC 4985: id-on-dnsSRV. */
export const DNS_SRV_OID = '1.3.6.1.5.5.7.8.7';
export const SUBJECT_ALT_NAME_OID = '2.5.29.17';
export const COMMON_NAME_OID = '2.5.4.3';
