/** Object identifiers in certificates. */
export const oid = {
  COMMON_NAME: '2.5.4.3',
  SUBJECT_ALT_NAME: '2.5.29.17',
  /** id-on-xmppAddr, RFC 6120 section 13.7.1.4. */
  XMPP_ADDR: '1.3.6.1.5.5.7.8.5',
  /** id-on-dnsSRV, RFC 4985. */
  DNS_SRV: '1.3.6.1.5.5.7.8.7',
} as const;
