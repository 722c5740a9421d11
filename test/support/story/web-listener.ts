/** `[[listen.http]]` in the configurations of stories. */

const PATHS = {
  mongoose_websocket_handler: '/ws-xmpp',
  mod_websockets: '/ws-xmpp',
  mongoose_bosh_handler: '/http-bind',
  mod_bosh: '/http-bind',
} as const;

/** A listener with these lines beside its port and its address; handlers come last. */
export function webListener(...lines: readonly string[]): string {
  return ['', '[[listen.http]]', 'port = PORT', 'ip_address = "127.0.0.1"', ...lines, ''].join('\n');
}

/** A handler by which clients come in, with these lines beside its place. */
export function clientHandler(type: keyof typeof PATHS, ...lines: readonly string[]): string {
  return [`[[listen.http.handlers.${type}]]`, 'host = "_"', `path = "${PATHS[type]}"`, ...lines].join('\n');
}
