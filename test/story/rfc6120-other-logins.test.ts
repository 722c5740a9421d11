/** Logins without a password: ANONYMOUS (RFC 4505, XEP-0175) and EXTERNAL by certificate (RFC 6120 section 13.7.1, XEP-0178). */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Element } from 'ltx';
import { afterAll, expect, it } from 'vitest';
import { type CertificateRequest, issueCertificate } from '../support/client-certificate.js';
import { externalMessage } from '../support/scram-client.js';
import { Actor, authenticate, bind } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { RawClient } from '../support/story/raw-client.js';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
afterAll(() => rmSync(folder, { recursive: true }));

const authority = issueCertificate({ commonName: 'Authority of these tests' });
const stranger = issueCertificate({ commonName: 'Somebody else' });
const authorityFile = join(folder, 'authority.pem');
writeFileSync(authorityFile, authority.pem);

onBothEngines(
  'RFC 4505',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      hosts: ['localhost', 'accounts.example'],
      auth: '  methods = ["internal", "anonymous"]\n  sasl_mechanisms = ["scram_sha256", "plain", "anonymous"]\n',
      listeners: ['', 'allowed_auth_methods = ["internal"]', 'allowed_auth_methods = ["anonymous"]'],
      rest: `
[[host_config]]
  host = "accounts.example"
  [host_config.auth]
    methods = ["internal"]
`,
    }),
  (server) => {
    it('ANONYMOUS gives everybody an account of their own', async () => {
      const guests = [await guest(server().port), await guest(server().port)];
      const [one, other] = guests as [Guest, Guest];
      expect(one.jid.split('/')[0]).not.toBe(other.jid.split('/')[0]);
      one.client.send(`<message to='${other.jid}' id='m'><body>hello</body></message>`);
      const message = await other.client.next((element) => element.is('message'));
      expect(message.attrs['from']).toBe(one.jid);
      one.client.destroy();
      other.client.destroy();
    });

    it('is offered by the domains that have it, and by no other', async () => {
      const client = await RawClient.connect(server().port);
      expect(mechanisms(await client.open())).toEqual(['SCRAM-SHA-256', 'PLAIN', 'ANONYMOUS']);
      const other = await RawClient.connect(server().port);
      expect(mechanisms(await other.open('accounts.example'))).not.toContain('ANONYMOUS');
      client.destroy();
      other.destroy();
    });

    it('allowed_auth_methods: a listener leaves methods out', async () => {
      const [, internal, anonymous] = server().ports as [number, number, number];
      const client = await RawClient.connect(internal);
      expect(mechanisms(await client.open())).not.toContain('ANONYMOUS');
      client.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'/>`);
      expect(conditionOf(await outcome(client))).toBe('invalid-mechanism');
      client.destroy();

      const credentials = { username: `u-${Math.random()}`, domain: 'localhost', password: 'secret' };
      (await Actor.join(internal, credentials)).vanish();
      const known = await RawClient.connect(anonymous);
      expect(mechanisms(await known.open())).not.toContain('SCRAM-SHA-256');
      await expect(authenticate(known, credentials)).rejects.toThrow('invalid-mechanism');
      known.destroy();
    });
  },
);

const tls = `tls = {mode = "starttls", certificate = "automatic", verify_mode = "peer", disconnect_on_failure = false, cacertfile = "${authorityFile}"}`;
const selfsigned = tls.replace('verify_mode = "peer"', 'verify_mode = "selfsigned_peer"');

onBothEngines(
  'XEP-0178 section 2',
  (engine) =>
    ownConfig({
      engine,
      auth: '  methods = ["internal"]\n  sasl_mechanisms = ["external", "scram_sha256", "plain"]\n',
      listeners: [tls, '', selfsigned],
    }),
  (server) => {
    it('a certificate with the address of an account logs in as that account', async () => {
      const username = await account(server().ports[1] as number);
      const client = await withCertificate(server().port, { xmppAddresses: [`${username}@localhost`] });
      expect(mechanisms(await client.open())).toContain('EXTERNAL');
      client.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`);
      expect(conditionOf(await outcome(client))).toBe('success');
      await client.open();
      expect(await bind(client)).toContain(`${username}@localhost/`);
      client.destroy();
    });

    it('one with several addresses needs the client to choose', async () => {
      const username = await account(server().ports[1] as number);
      const names = [`other-${username}@localhost`, `${username}@localhost`];
      const client = await withCertificate(server().port, { xmppAddresses: names });
      await client.open();
      expect(await external(client)).toBe('invalid-authzid');
      expect(await external(client, 'third@localhost')).toBe('invalid-authzid');
      expect(await external(client, `${username}@localhost`)).toBe('success');
      client.destroy();
    });

    it('one that names nobody here, or an account that is not there, does not log in', async () => {
      for (const name of ['alice@elsewhere.example', `missing-${Math.random()}@localhost`]) {
        const client = await withCertificate(server().port, { xmppAddresses: [name] });
        await client.open();
        expect(await external(client)).toBe('not-authorized');
        client.destroy();
      }
    });

    it('one that an unknown authority signed is not even offered EXTERNAL', async () => {
      const username = await account(server().ports[1] as number);
      const names = { xmppAddresses: [`${username}@localhost`], issuer: stranger };
      const client = await withCertificate(server().port, names);
      expect(mechanisms(await client.open())).not.toContain('EXTERNAL');
      expect(await external(client)).toBe('invalid-mechanism');
      client.destroy();
    });

    it('selfsigned_peer: one of the authority logs in as the account that it names', async () => {
      const [, plain, port] = server().ports as [number, number, number];
      const username = await account(plain);
      const client = await withCertificate(port, { xmppAddresses: [`${username}@localhost`] });
      expect(mechanisms(await client.open())).toContain('EXTERNAL');
      expect(await external(client)).toBe('success');
      client.destroy();
    });

    it.each([
      ['its own name', {}],
      ["the authority's name", { commonName: 'Authority of these tests' }],
    ])('selfsigned_peer: one that signed itself, in %s, proves no address', async (_, name) => {
      const [, plain, port] = server().ports as [number, number, number];
      const username = await account(plain);
      const request = { ...name, xmppAddresses: [`${username}@localhost`], issuer: undefined };
      const client = await withCertificate(port, request);
      expect(mechanisms(await client.open())).not.toContain('EXTERNAL');
      expect(await external(client)).toBe('invalid-mechanism');
      expect(await external(client, `${username}@localhost`)).toBe('invalid-mechanism');
      client.destroy();
    });

    it('nor is a client without one', async () => {
      const client = await RawClient.connect(server().port);
      await client.open();
      await client.startTls();
      expect(mechanisms(await client.open())).not.toContain('EXTERNAL');
      client.destroy();
    });
  },
);

interface Guest {
  readonly client: RawClient;
  readonly jid: string;
}

async function guest(port: number): Promise<Guest> {
  const client = await RawClient.connect(port);
  await client.open();
  client.send(`<auth xmlns='${SASL}' mechanism='ANONYMOUS'>=</auth>`);
  expect(conditionOf(await outcome(client))).toBe('success');
  await client.open();
  return { client, jid: await bind(client) };
}

async function account(port: number): Promise<string> {
  const username = `u-${Math.random().toString(36).slice(2)}`;
  (await Actor.join(port, { username, domain: 'localhost', password: 'secret' })).vanish();
  return username;
}

async function withCertificate(port: number, request: CertificateRequest): Promise<RawClient> {
  const { pem, keyPem } = issueCertificate({ issuer: authority, ...request });
  const client = await RawClient.connect(port);
  await client.open();
  await client.startTls({ cert: pem, key: keyPem });
  return client;
}

async function external(client: RawClient, authzid = ''): Promise<string> {
  const text = authzid === '' ? '=' : externalMessage(authzid).toString('base64');
  client.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>${text}</auth>`);
  return conditionOf(await outcome(client));
}

function mechanisms(features: Element): string[] {
  return (features.getChild('mechanisms', SASL)?.getChildElements() ?? []).map((element) => element.getText());
}

function outcome(client: RawClient): Promise<Element> {
  return client.next((element) => element.getNS() === SASL);
}

function conditionOf(element: Element): string {
  return element.is('failure') ? (element.getChildElements()[0]?.getName() ?? '') : element.getName();
}
