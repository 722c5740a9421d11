/** Which offers of permessage-deflate are taken (RFC 7692 section 7): those that what uWebSockets.js answers is an answer to. */

const NAME = 'permessage-deflate';
/** It says that neither side keeps its window, which needs nobody's leave, and nothing of sizes. */
const HARMLESS =
  /^(?:client_no_context_takeover|server_no_context_takeover|client_max_window_bits(?:=(?:[89]|1[0-5]))?|server_max_window_bits=15)$/;

/** What the library is to be told of the field Sec-WebSocket-Extensions: empty to decline. */
export function deflateOffer(value: string | undefined): string {
  return (value ?? '').split(',').some(isAcceptable) ? NAME : '';
}

function isAcceptable(offer: string): boolean {
  const [name, ...parameters] = offer.split(';').map((part) =>
    part
      .trim()
      .replace(/\s*=\s*/, '=')
      .replaceAll('"', ''),
  );
  const keys = parameters.map((parameter) => parameter.split('=')[0]);
  return name === NAME && parameters.every((one) => HARMLESS.test(one)) && new Set(keys).size === keys.length;
}
