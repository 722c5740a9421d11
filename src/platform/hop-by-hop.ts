/** Header fields of HTTP that are about one connection, not about the message (RFC 9110 section 7.6.1). */

export const HOP_BY_HOP_FIELDS: ReadonlySet<string> = new Set([
  ...['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade', 'http2-settings'],
  // Answered by whoever reads the body.
  'expect',
]);
