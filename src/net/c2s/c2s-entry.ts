/** Where client connections come in: fresh from a listener, or from the shard that authenticated them. */
import type { Connection, ConnectionHandler } from '../../engine/connection.js';
import { decode } from '../../platform/codec.js';
import { Jid } from '../../protocol/jid.js';
import { AuthenticatedStream, type BindingState, type ResumingState } from './authenticated-stream.js';
import type { C2sEntrance, C2sServices } from './c2s-services.js';
import { UnauthenticatedStream } from './unauthenticated-stream.js';

export function acceptClient(connection: Connection, services: C2sServices, entrance: C2sEntrance): ConnectionHandler {
  const stream = new UnauthenticatedStream(connection, services, entrance);
  stream.enter();
  return stream;
}

/** Goes on with what began on another shard: binding, or going back to a session. */
export function adoptClient(connection: Connection, services: C2sServices, state: Uint8Array): ConnectionHandler {
  const request = decode(state) as BindingState | ResumingState;
  const { entrance, jid: text, lang } = request;
  const jid = Jid.parse(text);
  const served = jid && services.hosts.domain(jid.domain);
  if (!jid || !served) throw new Error('a connection came with a state that does not fit this configuration');

  const arrived = new UnauthenticatedStream(connection, services, services.entrances[entrance] as C2sEntrance);
  arrived.lang = lang;
  arrived.addressKey = services.addresses.key(arrived.ip);
  services.addresses.enter(arrived.addressKey);
  const stream = new AuthenticatedStream(arrived, served, { jid: jid.bare });
  connection.handler = stream;
  if ('resume' in request) stream.resume(request.resume);
  else stream.bind(jid, request.id);
  return connection.handler;
}
