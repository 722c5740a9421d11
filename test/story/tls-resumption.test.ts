/** Clients that come again over TLS: whatever shard they meet, a short handshake is enough (RFC 8446 section 2.2, RFC 5077). */
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { RawClient } from '../support/story/raw-client.js';

const VISITS = 8;

for (const shards of [1, 4]) {
  onBothEngines(
    `TLS session resumption, shards = ${shards}`,
    (engine) =>
      ownConfig({
        engine,
        shards,
        listeners: ['tls = {mode = "starttls", certificate = "automatic", verify_mode = "none"}'],
      }),
    (server) => {
      it.each(['TLSv1.2', 'TLSv1.3'] as const)(
        '%s: a client that was here before is known on every shard',
        async (version) => {
          const options: ConnectionOptions = { minVersion: version, maxVersion: version };
          let { session, isReused } = await visit(server().port, options);
          expect(isReused).toBe(false);
          for (let count = 0; count < VISITS; count++) {
            ({ session, isReused } = await visit(server().port, { ...options, session }));
            expect(isReused).toBe(true);
          }
        },
      );
    },
  );
}

/** Reads the features under TLS. Returns what the client keeps for the next time. */
async function visit(
  port: number,
  options: ConnectionOptions,
): Promise<{ session: Buffer | undefined; isReused: boolean }> {
  const client = await RawClient.connect(port);
  try {
    await client.open();
    await client.startTls(options);
    const socket = client.socket as TLSSocket;
    let session = socket.getSession();
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
