/** Short visits over TLS, to see whether a session is resumed. */
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { expect } from 'vitest';
import { RawClient } from './raw-client.js';

/** Reads the features under TLS. Returns what the client keeps for the next time. */
export async function visit(
  port: number,
  options: ConnectionOptions,
): Promise<{ session: Buffer | undefined; isReused: boolean }> {
  const client = await RawClient.connect(port);
  try {
    await client.open();
    await client.startTls(options);
    const socket = client.socket as TLSSocket;
    let session: Buffer | undefined = socket.getSession();
    socket.on('session', (ticket: Buffer) => {
      session = ticket;
    });
    const features = await client.open();
    expect(features.getChild('mechanisms', 'urn:ietf:params:xml:ns:xmpp-sasl')).toBeDefined();
    return { session, isReused: socket.isSessionReused() };
  } finally {
    client.destroy();
  }
}
