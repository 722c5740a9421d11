/** The PROXY protocol as a load balancer writes it, versions 1 and 2, for a client that says it comes from `source`. */

const SIGNATURE = Buffer.from([0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a]);
const PROXY_V2 = 0x21;
const TCP_OVER_IPV4 = 0x11;

/** Of connection number so-and-so: every client has an address of its own (RFC 2544's, which nobody else has). */
export function proxyHeader(version, number) {
  const source = [198, 18 + ((number >> 16) & 1), (number >> 8) & 0xff, number & 0xff];
  const sourcePort = 1_024 + (number % 60_000);
  if (version === 'v1') return Buffer.from(`PROXY TCP4 ${source.join('.')} 127.0.0.1 ${sourcePort} 5222\r\n`);
  const addresses = Buffer.from([...source, 127, 0, 0, 1, 0, 0, 0, 0]);
  addresses.writeUInt16BE(sourcePort, 8);
  addresses.writeUInt16BE(5_222, 10);
  return Buffer.concat([SIGNATURE, Buffer.from([PROXY_V2, TCP_OVER_IPV4, 0, addresses.length]), addresses]);
}
