/** What one source address may have: connections, logins that are not finished, failures. */
import { expect, it } from 'vitest';
import { authenticate, bind, type Credentials, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { header, RawClient } from '../support/story/raw-client.js';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';

for (const shards of [1, 4]) {
  onBothEngines(
    `[meerkat.limits] on ${shards} shards`,
    (engine) =>
      ownConfig({
        engine,
        shards,
        listeners: [
          '',
          'tls = {mode = "tls", certificate = "automatic", verify_mode = "none"}',
          'proxy_protocol = true',
        ],
        rest: `
[meerkat.limits]
  connections_per_address = 6
  unauthenticated_per_address = 4
  failed_logins_per_address = 5
  failed_logins_period = 600
  exempt_addresses = ["127.0.0.1"]
`,
      }),
    (server) => {
      it('unauthenticated_per_address: one too many gets policy-violation, and room is made by one that goes', async () => {
        const [port, tlsPort] = server().ports as [number, number];
        const from = '127.0.0.2';
        const held = await Promise.all(Array.from({ length: 4 }, () => opened(port, from)));
        const refused = await RawClient.connect(port, { from });
        expect(await refused.fails()).toBe('policy-violation');
        // All listeners count together; before its handshake a TLS stream has no words.
        await expect(overTls(tlsPort, from)).rejects.toThrow();
        (await opened(port, '127.0.0.3')).destroy();
        held.pop()?.destroy();
        await eventually(async () => (await tryToOpen(port, from)) !== undefined);
        for (const client of held) client.destroy();
      });

      it('connections_per_address: sessions count too, wherever they are at home', async () => {
        const { port } = server();
        const from = '127.0.0.4';
        const sessions: RawClient[] = [];
        while (sessions.length < 6) sessions.push(await loggedIn(port, from, await newcomer(port)));
        const refused = await RawClient.connect(port, { from });
        expect(await refused.fails()).toBe('policy-violation');
        (await opened(port, '127.0.0.3')).destroy();
        sessions.pop()?.destroy();
        await eventually(async () => (await tryToOpen(port, from)) !== undefined);
        for (const client of sessions) client.destroy();
      });

      it('failed_logins_per_address: behind too many, right and wrong passwords look the same', async () => {
        const { port } = server();
        const from = '127.0.0.5';
        const [neighbour, victim] = [await newcomer(port), await newcomer(port)];
        (await loggedIn(port, from, neighbour)).destroy();
        for (let i = 0; i < 5; i++) {
          expect(await loginFailure(port, from, { ...victim, password: `guess ${i}` })).toBe('not-authorized');
        }
        for (const mechanism of ['PLAIN', 'SCRAM-SHA-1']) {
          const wrong = { ...victim, password: 'guess' };
          expect(await loginFailure(port, from, wrong, mechanism)).toBe('temporary-auth-failure');
          expect(await loginFailure(port, from, victim, mechanism)).toBe('temporary-auth-failure');
        }
        // Whoever has come from there before is let in, and the victim itself from elsewhere.
        (await loggedIn(port, from, neighbour)).destroy();
        (await loggedIn(port, '127.0.0.6', victim)).destroy();
      });

      it('behind a PROXY header its address counts, the /64 of IPv6 as one', async () => {
        const port = server().ports[2] as number;
        const behind = async (line: string) => {
          const client = await RawClient.connect(port);
          client.send(`PROXY ${line} 4000 5222\r\n`);
          return client;
        };
        const held = await Promise.all([1, 2, 3, 4].map((i) => behind(`TCP6 2001:db8::${i} ::1`)));
        for (const client of held) await client.open();
        expect(await (await behind('TCP6 2001:db8::ffff:5 ::1')).fails()).toBe('policy-violation');
        for (const line of ['TCP6 2001:db8:0:1::1 ::1', 'TCP4 203.0.113.9 127.0.0.1']) {
          const other = await behind(line);
          await other.open();
          held.push(other);
        }
        for (const client of held) client.destroy();
      });

      it('exempt_addresses: as many as they like', async () => {
        const clients = await Promise.all(Array.from({ length: 12 }, () => opened(server().port, '127.0.0.1')));
        for (const client of clients) client.destroy();
      });
    },
  );
}

async function opened(port: number, from: string): Promise<RawClient> {
  const client = await RawClient.connect(port, { from });
  await client.open();
  return client;
}

/** A client that was let in for a moment. */
async function tryToOpen(port: number, from: string): Promise<RawClient | undefined> {
  const client = await RawClient.connect(port, { from });
  client.send(header());
  await client.until(() => /<stream:features|<stream:error/.test(client.text) || client.isClosed, 'an answer');
  const isIn = client.text.includes('<stream:features');
  client.destroy();
  return isIn ? client : undefined;
}

async function overTls(port: number, from: string): Promise<void> {
  const client = await RawClient.connect(port, { from, tls: {} });
  await client.open().finally(() => client.destroy());
}

async function newcomer(port: number): Promise<Credentials> {
  const account = { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
  await register(port, account);
  return account;
}

async function loggedIn(port: number, from: string, account: Credentials): Promise<RawClient> {
  const client = await opened(port, from);
  await authenticate(client, account);
  await client.open();
  await bind(client);
  return client;
}

/** The condition of a login that fails. */
async function loginFailure(port: number, from: string, account: Credentials, mechanism = 'PLAIN'): Promise<string> {
  const client = await opened(port, from);
  const refusal = await authenticate(client, account, mechanism).then(
    () => 'success',
    (error: Error) => error.message,
  );
  client.destroy();
  const [, condition = refusal] = new RegExp(`<failure xmlns="${SASL}"><([a-z-]+)`).exec(refusal) ?? [];
  return condition;
}
