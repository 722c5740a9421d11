/** Clients that come again over TLS: whatever shard they meet, a short handshake is enough (RFC 8446 section 2.2, RFC 5077). */
import type { ConnectionOptions } from 'node:tls';
import { expect, it } from 'vitest';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { visit } from '../support/story/tls-visit.js';

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
