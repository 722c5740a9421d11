/** RFC 6120 section 6: mechanisms, their failures, and how often they may fail. */
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { plainMessage, ScramClient, type ScramClientOptions } from '../support/scram-client.js';
import { authenticate, bind, type Credentials, register } from '../support/story/actor.js';
import { type BindingType, channelBinding } from '../support/story/channel-binding.js';
import { RawClient } from '../support/story/raw-client.js';
import { onEachServer, onEachTransport, type StoryServer } from '../support/story/story.js';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const HASHES = ['1', '224', '256', '384', '512'];

onEachServer('RFC 6120 section 6.3.3: mechanisms that are offered', (server) => {
  it('without TLS on offer: everything but channel binding', async () => {
    const client = await RawClient.connect(server.port);
    const offered = mechanismsOf(await client.open());
    expect(offered).toEqual(expect.arrayContaining([...HASHES.map((hash) => `SCRAM-SHA-${hash}`), 'PLAIN']));
    expect(offered.filter((name) => name.endsWith('-PLUS'))).toEqual([]);
  });

  it('under TLS: with channel binding, and before the same without', async () => {
    const client = await overTls(server);
    const offered = mechanismsOf(await client.open());
    for (const hash of HASHES) {
      const name = `SCRAM-SHA-${hash}`;
      expect(offered).toContain(name);
      expect(offered.indexOf(`${name}-PLUS`)).toBeLessThan(offered.indexOf(name));
      expect(offered.indexOf(`${name}-PLUS`)).toBeGreaterThanOrEqual(0);
    }
    expect(offered).not.toContain('EXTERNAL');
    expect(offered).not.toContain('ANONYMOUS');
  });
});

onEachTransport('RFC 6120 section 6.4: a login', (server) => {
  it.each(['PLAIN', ...HASHES.map((hash) => `SCRAM-SHA-${hash}`)])('by %s', async (mechanism) => {
    const { client, credentials } = await newcomer(server);
    await authenticate(client, credentials, mechanism);
    await client.open();
    expect(await bind(client)).toContain(credentials.username);
    client.destroy();
  });

  it.each(['PLAIN', 'SCRAM-SHA-256'])('by %s with a password and a name in other spellings', async (mechanism) => {
    const { client, credentials } = await newcomer(server, { password: 'pa\u00a0ss\u00f6' });
    const typed = { ...credentials, username: credentials.username.toUpperCase(), password: 'pa sso\u0308' };
    await authenticate(client, typed, mechanism);
    await client.open();
    expect(await bind(client)).toContain(`${credentials.username}@localhost/`);
    client.destroy();
  });

  it('section 6.4.2: without an initial response, by answering an empty challenge', async () => {
    const { client, credentials } = await newcomer(server);
    client.send(`<auth xmlns='${SASL}' mechanism='PLAIN'/>`);
    const challenge = await outcome(client);
    expect(challenge.is('challenge')).toBe(true);
    expect(challenge.getText()).toBe('');
    client.send(`<response xmlns='${SASL}'>${base64(plainMessage(credentials.username, 'secret'))}</response>`);
    expect((await outcome(client)).is('success')).toBe(true);
    client.destroy();
  });

  it('section 6.3.8: with the own bare JID as the identity to act as', async () => {
    const { client, credentials } = await newcomer(server);
    const authzid = `${credentials.username}@localhost`;
    expect(await plain(client, plainMessage(credentials.username, 'secret', authzid))).toBe('success');
    client.destroy();
  });

  it('section 6.4.4: after an attempt that was aborted', async () => {
    const { client, credentials } = await newcomer(server);
    const scram = new ScramClient({ mechanism: 'SCRAM-SHA-1', ...credentials });
    client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1'>${base64(scram.first())}</auth>`);
    await outcome(client);
    client.send(`<abort xmlns='${SASL}'/>`);
    expect(conditionOf(await outcome(client))).toBe('aborted');
    await authenticate(client, credentials);
    client.destroy();
  });

  it('section 6.4.5: after attempts that failed', async () => {
    const { client, credentials } = await newcomer(server);
    for (let attempt = 0; attempt < 3; attempt++)
      expect(await plain(client, plainMessage(credentials.username, 'wrong'))).toBe('not-authorized');
    await authenticate(client, credentials);
    client.destroy();
  });

  it('is answered by a server that proves to know the password too (RFC 5802 section 3)', async () => {
    const { client, credentials } = await newcomer(server);
    const scram = new ScramClient({ mechanism: 'SCRAM-SHA-512', ...credentials });
    client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-512'>${base64(scram.first())}</auth>`);
    client.send(`<response xmlns='${SASL}'>${base64(scram.final(bytes(await outcome(client))))}</response>`);
    expect(scram.verify(bytes(await outcome(client)))).toBe(true);
    client.destroy();
  });
});

const BINDINGS: readonly [BindingType, 'TLSv1.2' | 'TLSv1.3'][] = [
  ['tls-unique', 'TLSv1.2'],
  ['tls-server-end-point', 'TLSv1.2'],
  ['tls-server-end-point', 'TLSv1.3'],
  ['tls-exporter', 'TLSv1.3'],
];

onEachServer('RFC 5802 section 6: channel binding', (server) => {
  for (const [type, version] of BINDINGS) {
    it.each(HASHES)(`SCRAM-SHA-%s-PLUS with ${type} on ${version}`, async (hash) => {
      const { credentials } = await newcomer(server);
      const client = await overTls(server, version);
      await client.open();
      const binding = { type, data: channelBinding(client, type) };
      expect(
        await scram(client, { mechanism: `SCRAM-SHA-${hash}-PLUS`, channelBinding: binding, ...credentials }),
      ).toBe('success');
      await client.open();
      await bind(client);
      client.destroy();
    });

    it(`refuses ${type} of another connection on ${version}`, async () => {
      const { credentials } = await newcomer(server);
      const [client, other] = [await overTls(server, version), await overTls(server, version)];
      await client.open();
      const data = channelBinding(other, type);
      const isSame = type === 'tls-server-end-point';
      const mechanism = 'SCRAM-SHA-256-PLUS';
      const result = await scram(client, {
        mechanism,
        channelBinding: { type, data: isSame ? data.map((byte) => byte ^ 1) : data },
        ...credentials,
      });
      expect(result).toBe('not-authorized');
      client.destroy();
      other.destroy();
    });
  }

  it('refuses tls-unique on TLS 1.3, which has none (RFC 9266 section 3)', async () => {
    const { credentials } = await newcomer(server);
    const client = await overTls(server, 'TLSv1.3');
    await client.open();
    const binding = { type: 'tls-unique', data: Buffer.alloc(12) };
    expect(await scram(client, { mechanism: 'SCRAM-SHA-1-PLUS', channelBinding: binding, ...credentials })).toBe(
      'malformed-request',
    );
    client.destroy();
  });

  it('refuses a client that was kept from seeing the offer', async () => {
    const { credentials } = await newcomer(server);
    const client = await overTls(server);
    await client.open();
    expect(await scram(client, { mechanism: 'SCRAM-SHA-256', flag: 'y', ...credentials })).toBe('malformed-request');
    client.destroy();
  });

  it('lets a client in that cannot do it', async () => {
    const { credentials } = await newcomer(server);
    const client = await overTls(server);
    await client.open();
    expect(await scram(client, { mechanism: 'SCRAM-SHA-256', flag: 'n', ...credentials })).toBe('success');
    client.destroy();
  });

  it('is there under TLS alone', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-1-PLUS'>cD10bHMtdW5pcXVlLCxuPWEscj1i</auth>`);
    expect(conditionOf(await outcome(client))).toBe('encryption-required');
    client.destroy();
  });
});

/** What the client sends, and the condition that answers. */
const FAILURES: readonly [string, string, string][] = [
  ['6.5.5: no Base64', auth('PLAIN', 'AGEAYg='), 'incorrect-encoding'],
  ['6.5.5: white space in Base64', auth('PLAIN', 'AGEA\nYg=='), 'incorrect-encoding'],
  ['6.5.7: an unknown mechanism', auth('RIVER', 'AGEAYg=='), 'invalid-mechanism'],
  ['6.5.7: no mechanism', `<auth xmlns='${SASL}'/>`, 'invalid-mechanism'],
  ['6.5.7: a mechanism that is switched off', auth('ANONYMOUS', ''), 'invalid-mechanism'],
  ['6.5.7: a mechanism in lower case', auth('plain', 'AGEAYg=='), 'invalid-mechanism'],
  ['6.5.8: PLAIN without a NUL', auth('PLAIN', 'YWI='), 'malformed-request'],
  ['6.5.8: PLAIN without a password', auth('PLAIN', base64(plainMessage('a', ''))), 'malformed-request'],
  ['6.5.8: PLAIN that is not UTF-8', auth('PLAIN', base64(Buffer.from([0, 0xff, 0, 0x61]))), 'malformed-request'],
  ['6.5.8: SCRAM without a nonce', auth('SCRAM-SHA-1', base64(Buffer.from('n,,n=a'))), 'malformed-request'],
  ['6.5.8: a response to nothing', `<response xmlns='${SASL}'>AGEAYg==</response>`, 'malformed-request'],
  ['6.5.8: a message of a megabyte, nearly', auth('PLAIN', 'A'.repeat(40_000)), 'malformed-request'],
  ['6.5.1: an abort of nothing', `<abort xmlns='${SASL}'/>`, 'aborted'],
  ['6.5.10: an account that does not exist', auth('PLAIN', base64(plainMessage('nobody', 'x'))), 'not-authorized'],
  ['6.5.10: a name that cannot be one', auth('PLAIN', base64(plainMessage('a@b@c', 'x'))), 'not-authorized'],
];

onEachServer('RFC 6120 section 6.5: a login fails for', (server) => {
  it.each(FAILURES)('section %s, and the stream goes on', async (_, sent, condition) => {
    const { client, credentials } = await newcomer(server);
    client.send(sent);
    expect(conditionOf(await outcome(client))).toBe(condition);
    await authenticate(client, credentials);
    client.destroy();
  });

  it('section 6.5.6: the identity of somebody else', async () => {
    const { client, credentials } = await newcomer(server);
    for (const authzid of ['somebody@localhost', `${credentials.username}@other.example`, 'localhost'])
      expect(await plain(client, plainMessage(credentials.username, 'secret', authzid))).toBe('invalid-authzid');
    client.destroy();
  });

  it('section 6.5.10: an account of another domain', async () => {
    const { credentials } = await newcomer(server);
    const client = await RawClient.connect(server.port);
    await client.open('other.example');
    expect(await plain(client, plainMessage(credentials.username, 'secret'))).toBe('not-authorized');
    client.destroy();
  });

  it('section 4.9.3.14: too many failures end the stream (section 6.4.5)', async () => {
    const { client, credentials } = await newcomer(server);
    const wrong = plainMessage(credentials.username, 'wrong');
    for (let attempt = 0; attempt < 5; attempt++) expect(await plain(client, wrong)).toBe('not-authorized');
    expect(await client.fails()).toBe('policy-violation');
  });

  it('section 6.4.5: mechanisms that are refused are no failures of that kind, but requests too many', async () => {
    const { client, credentials } = await newcomer(server);
    for (let attempt = 0; attempt < 20; attempt++) {
      client.send(auth('RIVER', ''));
      expect(conditionOf(await outcome(client))).toBe('invalid-mechanism');
    }
    await authenticate(client, credentials);
    const other = await RawClient.connect(server.port);
    await other.open();
    for (let attempt = 0; attempt < 100; attempt++) other.send(auth('RIVER', ''));
    expect(await other.fails()).toBe('policy-violation');
    client.destroy();
  });

  it('section 4.9.3.24: something else in the namespace of SASL ends it too', async () => {
    const { client } = await newcomer(server);
    client.send(`<river xmlns='${SASL}'/>`);
    expect(await client.fails()).toBe('unsupported-stanza-type');
  });

  it('section 13.11: nobody can tell a wrong password from a missing account', async () => {
    const { credentials } = await newcomer(server);
    const missing = { ...credentials, username: `${credentials.username}-missing` };
    const traces = [];
    for (const { username } of [credentials, missing]) traces.push(await traceOf(server, username));
    const [known, unknown] = traces as [Trace, Trace];
    expect(unknown.failures).toEqual(known.failures);
    expect(unknown.challenge).toEqual(known.challenge);
    expect((await traceOf(server, missing.username)).salt).toBe(unknown.salt);
    expect(unknown.salt).not.toBe(known.salt);
  });
});

interface Trace {
  readonly salt: string;
  readonly challenge: { readonly saltLength: number; readonly iterations: string };
  readonly failures: readonly string[];
}

/** Everything that a guesser learns about a name. */
async function traceOf(server: StoryServer, username: string): Promise<Trace> {
  const client = await RawClient.connect(server.port);
  await client.open();
  client.send(auth('PLAIN', base64(plainMessage(username, 'wrong'))));
  const failures = [String(await outcome(client))];
  const guess = new ScramClient({ mechanism: 'SCRAM-SHA-256', username, password: 'wrong' });
  client.send(auth('SCRAM-SHA-256', base64(guess.first())));
  const challenge = bytes(await outcome(client));
  client.send(`<response xmlns='${SASL}'>${base64(guess.final(challenge))}</response>`);
  failures.push(String(await outcome(client)));
  client.destroy();
  const [, salt = '', iterations = ''] = /,s=([^,]+),i=(\d+)$/.exec(challenge.toString()) ?? [];
  return { salt, challenge: { saltLength: salt.length, iterations }, failures };
}

async function newcomer(server: StoryServer, changes: Partial<Credentials> = {}) {
  const username = `u-${Math.random().toString(36).slice(2)}`;
  const credentials = { username, domain: 'localhost', password: 'secret', ...changes };
  await register(server.port, credentials);
  const client = await RawClient.connect(server.port);
  await client.open();
  return { client, credentials };
}

async function overTls(server: StoryServer, version?: 'TLSv1.2' | 'TLSv1.3'): Promise<RawClient> {
  const client = await RawClient.connect(server.starttlsPort);
  await client.open();
  await client.startTls(version && { minVersion: version, maxVersion: version });
  return client;
}

function mechanismsOf(features: Element): string[] {
  return (features.getChild('mechanisms', SASL)?.getChildElements() ?? []).map((element) => element.getText());
}

async function plain(client: RawClient, message: Uint8Array): Promise<string> {
  client.send(auth('PLAIN', base64(message)));
  return conditionOf(await outcome(client));
}

/** `success`, or the condition of the failure. */
async function scram(client: RawClient, options: ScramClientOptions): Promise<string> {
  const exchange = new ScramClient(options);
  client.send(auth(options.mechanism, base64(exchange.first())));
  const challenge = await outcome(client);
  if (!challenge.is('challenge')) return conditionOf(challenge);
  client.send(`<response xmlns='${SASL}'>${base64(exchange.final(bytes(challenge)))}</response>`);
  return conditionOf(await outcome(client));
}

function auth(mechanism: string, text: string): string {
  return `<auth xmlns='${SASL}' mechanism='${mechanism}'>${text}</auth>`;
}

function outcome(client: RawClient): Promise<Element> {
  return client.next((element) => element.getNS() === SASL);
}

function conditionOf(element: Element): string {
  return element.is('failure') ? (element.getChildElements()[0]?.getName() ?? '') : element.getName();
}

function bytes(element: Element): Buffer {
  return Buffer.from(element.getText(), 'base64');
}

function base64(data: Uint8Array): string {
  return Buffer.from(data).toString('base64');
}
