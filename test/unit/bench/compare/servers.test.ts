import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { connect as connectTcp, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { servers } from '../../../../bench/compare/servers.mjs';
import { ask } from '../../../../bench/lib/client.mjs';

const PATIENCE_MS = 120_000;
const HEADER =
  "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const REGISTER = (name: string) =>
  `<iq type='set' id='register'><query xmlns='jabber:iq:register'><username>${name}</username><password>secret</password></query></iq>`;
const AUTH = (name: string) =>
  `<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${Buffer.from(`\0${name}\0secret`).toString('base64')}</auth>`;
const BIND = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

const isBuilt = existsSync(fileURLToPath(new URL('../../../../build/Release/meerkat.node', import.meta.url)));

interface Server {
  readonly name: string;
  find(): unknown;
  start(options: { tls: boolean }): Promise<{ readonly port: number; stop(): Promise<void> }>;
}

/** Absent ones are skipped by name. The floor is no server, and Meerkat is measured with its native engine. */
const there = (servers as readonly Server[]).map((server) => ({
  server,
  name: server.name,
  isThere: server.find() !== undefined && server.name !== 'floor' && (server.name !== 'meerkat' || isBuilt),
}));

async function session(port: number, name: string, tls: boolean): Promise<{ socket: Socket; jid: string }> {
  const options = { port, host: '127.0.0.1' };
  const socket = tls ? connectTls({ ...options, rejectUnauthorized: false }) : connectTcp(options);
  await once(socket, tls ? 'secureConnect' : 'connect');
  await ask(socket, HEADER, '</stream:features>');
  expect(await ask(socket, REGISTER(name), 'register')).not.toContain('error');
  const mechanisms = await ask(socket, AUTH(name), '<success');
  expect(mechanisms).not.toContain('<failure');
  await ask(socket, HEADER, '</stream:features>');
  const bound = await ask(socket, BIND, '</iq>');
  const [, jid = ''] = /<jid>([^<]+)<\/jid>/.exec(bound) ?? [];
  expect(jid).toMatch(new RegExp(`^${name}@localhost/`));
  await ask(socket, '<presence/>', '<presence');
  return { socket, jid };
}

describe.each(there)('$name', ({ server, isThere }) => {
  test.skipIf(!isThere).each([[false], [true]])(
    'starts with its configuration, registers two accounts and lets them chat, with TLS: %s',
    async (tls) => {
      const running = await server.start({ tls });
      try {
        const alice = await session(running.port, 'alice', tls);
        const bob = await session(running.port, 'bob', tls);
        const arrives = ask(bob.socket, '', '</message>');
        alice.socket.write(`<message to='${bob.jid}' type='chat'><body>hello from ${server.name}</body></message>`);
        expect(await arrives).toContain(`hello from ${server.name}`);
        for (const { socket } of [alice, bob]) socket.destroy();
      } finally {
        await running.stop();
      }
    },
    PATIENCE_MS,
  );
});
