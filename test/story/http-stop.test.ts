/** The end of a server with clients of HTTP: everybody is told, and nothing is cut. */
import { describe, expect, it } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { ownConfig } from '../support/story/both-engines.js';
import { RawHttp } from '../support/story/raw-http.js';
import { opcode, RawWebSocket } from '../support/story/raw-websocket.js';
import { ENGINES, startServer } from '../support/story/server.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

const TLS = 'tls = {certificate = "automatic"}';
const LISTENERS = ['', TLS].map((lines) =>
  webListener(
    lines,
    clientHandler('mongoose_websocket_handler', 'state_timeout = 60_000'),
    clientHandler('mongoose_bosh_handler'),
  ),
);

/** 1001; or 1000 where the home of a session is told of the stop before the shard that has its socket. */
const isEnd = (code: unknown) => code === 1001 || code === 1000;

describe.each(ENGINES)('a stop with open WebSockets and requests that are held [%s]', (engine) => {
  it.each([1, 4])(
    'on %i shards: <close/> and an orderly end are seen, and the server ends in order',
    async (shards) => {
      const server = await startServer({ config: ownConfig({ engine, shards, rest: LISTENERS.join('') }) });
      const port = speaks(server.ports[1] as number, 'WebSocket');
      const actors = await Promise.all(
        Array.from({ length: 8 }, (_, number) =>
          Actor.join(port, { username: `stop-${number}`, domain: 'localhost', password: 'secret' }),
        ),
      );
      const web = speaks(server.ports[1] as number, 'BOSH');
      const held = await Promise.all(
        Array.from({ length: 4 }, (_, number) =>
          Actor.join(web, { username: `held-${number}`, domain: 'localhost', password: 'secret' }),
        ),
      );
      const early = await RawWebSocket.connect(port);
      const secure = await RawWebSocket.connect(server.ports[2] as number, { http: { tls: {} } });
      secure.text("<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>");
      await secure.next(opcode.TEXT);
      // Connections that wait for nothing, or have said half of something, keep nobody up.
      const idle = await RawHttp.connect(port);
      idle.send('GET / HTTP/1.1\r\n');

      const stopped = server.stop();
      for (const { client } of actors) {
        expect(await client.fails()).toBe('system-shutdown');
        expect(await client.webSocket?.closeCode()).toSatisfy(isEnd);
      }
      for (const { client } of held) {
        expect(await client.fails()).toBe('system-shutdown');
        expect(client.bosh?.end?.attrs).toMatchObject({ type: 'terminate', condition: 'remote-stream-error' });
      }
      for (const socket of [early, secure]) expect(await socket.closeCode()).toSatisfy(isEnd);
      expect(await stopped).toBe(0);
      expect(server.output()).not.toContain('uv loop');
      idle.destroy();
    },
  );
});
