/** WebSocket over TLS: what a stream knows of it when it ends here, and when it ends at a proxy. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import type { Element } from 'ltx';
import { afterAll, expect, it } from 'vitest';
import { issueCertificate } from '../support/client-certificate.js';
import { ScramClient } from '../support/scram-client.js';
import { authenticate, bind, type Credentials, register } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { type BindingType, channelBinding } from '../support/story/channel-binding.js';
import { Ctl } from '../support/story/ctl.js';
import { RawClient, type RawClientOptions } from '../support/story/raw-client.js';
import { ask, get } from '../support/story/raw-http.js';
import { speaks } from '../support/story/transports.js';
import { clientHandler, webListener } from '../support/story/web-listener.js';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
afterAll(() => rmSync(folder, { recursive: true }));
const authority = issueCertificate({ commonName: 'Authority of these tests' });
writeFileSync(join(folder, 'authority.pem'), authority.pem);

const LISTENERS = {
  secure: 'tls = {certificate = "automatic"}',
  external: `tls = {certificate = "automatic", verify_peer = true, cacertfile = "${join(folder, 'authority.pem')}"}
  forwarded_trusted = ["127.0.0.2"]`,
  forwarded: 'forwarded_trusted = ["127.0.0.2"]',
  proxied: 'proxy_protocol = true\n  proxy_trusted = ["127.0.0.1"]\n  tls = {certificate = "automatic"}',
} as const;

const HANDLERS = [clientHandler('mongoose_websocket_handler'), '[[listen.http.handlers.meerkat_host_meta_handler]]'];
const rest = Object.values(LISTENERS).map((lines) => webListener(lines, ...HANDLERS));

onBothEngines(
  'WebSocket and TLS',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      auth: '  methods = ["internal"]\n  sasl_mechanisms = ["external", "scram_sha256_plus", "scram_sha256", "plain"]',
      rest: rest.join(''),
    }),
  (server) => {
    const port = (name: keyof typeof LISTENERS) =>
      speaks(server().ports[1 + Object.keys(LISTENERS).indexOf(name)] as number, 'WebSocket');
    const newcomer = async (): Promise<Credentials> => {
      const username = `tls-${Math.random().toString(36).slice(2)}`;
      const credentials = { username, domain: 'localhost', password: 'secret' };
      await register(server().port, credentials);
      return credentials;
    };
    const addressOf = async (client: RawClient, credentials: Credentials) => {
      await client.open();
      await authenticate(client, credentials);
      await client.open();
      const user = (await bind(client)).split('/')[0];
      const { result } = await new Ctl(server().dataDir).json(`session listUserSessions --user ${user}`);
      client.destroy();
      return result;
    };

    it.each<[BindingType, 'TLSv1.2' | 'TLSv1.3']>([
      ['tls-server-end-point', 'TLSv1.2'],
      ['tls-server-end-point', 'TLSv1.3'],
      ['tls-exporter', 'TLSv1.3'],
      ['tls-unique', 'TLSv1.2'],
    ])('RFC 5802 section 6: a login is bound by %s on %s', async (type, version) => {
      const credentials = await newcomer();
      for (const isRight of [true, false]) {
        const client = await RawClient.connect(port('secure'), { tls: { minVersion: version, maxVersion: version } });
        const features = await client.open();
        expect(bindingsOf(features)).toContain(type);
        const data = channelBinding(client, type);
        const mechanism = 'SCRAM-SHA-256-PLUS';
        const binding = { type, data: isRight ? data : data.map((byte) => byte ^ 1) };
        const scram = new ScramClient({ mechanism, ...credentials, channelBinding: binding });
        client.send(`<auth xmlns='${SASL}' mechanism='${mechanism}'>${base64(scram.first())}</auth>`);
        const challenge = Buffer.from((await outcome(client)).getText(), 'base64');
        client.send(`<response xmlns='${SASL}'>${base64(scram.final(challenge))}</response>`);
        expect((await outcome(client)).getName()).toBe(isRight ? 'success' : 'failure');
        client.destroy();
      }
    });

    it('a session over TLS is known as one', async () => {
      const client = await RawClient.connect(port('secure'), { tls: {} });
      expect(await addressOf(client, await newcomer())).toMatchObject([{ connection: 'c2s_tls', ip: '127.0.0.1' }]);
    });

    it('XEP-0178 section 2: a certificate of the client logs in', async () => {
      const { username } = await newcomer();
      const client = await RawClient.connect(port('external'), { tls: clientCertificate(username) });
      expect((await client.open()).toString()).toContain('EXTERNAL');
      client.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`);
      expect((await outcome(client)).getName()).toBe('success');
      client.destroy();
    });

    it('the certificate of a proxy that speaks for a client logs nobody in, and its channel binds nothing', async () => {
      const { username } = await newcomer();
      const options: RawClientOptions = { tls: clientCertificate(username), from: '127.0.0.2' };
      const fields = 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n';
      const client = await RawClient.connect(port('external'), { ...options, fields });
      const features = await client.open();
      expect(features.toString()).not.toContain('EXTERNAL');
      expect(features.toString()).not.toContain('-PLUS');
      client.send(`<auth xmlns='${SASL}' mechanism='EXTERNAL'>=</auth>`);
      expect((await outcome(client)).getName()).toBe('failure');
      client.destroy();
    });

    it('forwarded_trusted: the address of a session is what the proxy says, and of nobody else', async () => {
      const fields = 'X-Forwarded-For: 203.0.113.9, 192.0.2.7\r\n';
      const through = await RawClient.connect(port('forwarded'), { from: '127.0.0.2', fields });
      expect(await addressOf(through, await newcomer())).toMatchObject([{ ip: '192.0.2.7' }]);
      const liar = await RawClient.connect(port('forwarded'), { from: '127.0.0.3', fields });
      expect(await addressOf(liar, await newcomer())).toMatchObject([{ ip: '127.0.0.3' }]);
    });

    it('proxy_protocol: the address of a session is that in the header', async () => {
      const first = 'PROXY TCP4 192.0.2.7 192.0.2.1 1234 443\r\n';
      const client = await RawClient.connect(port('proxied'), { first, tls: {} });
      expect(await addressOf(client, await newcomer())).toMatchObject([{ ip: '192.0.2.7', port: 1234 }]);
    });

    it('XEP-0156: host-meta names the address under which WebSocket is served', async () => {
      const found = async (name: keyof typeof LISTENERS, options: Parameters<typeof ask>[2], more = '') => {
        const host = `Host: chat.example:${port(name)}\r\n`;
        const request = get('/.well-known/host-meta.json', more).replace('Host: localhost\r\n', host);
        return JSON.parse((await ask(port(name), request, options)).body);
      };
      const link = (href: string) => ({ links: [{ rel: 'urn:xmpp:alt-connections:websocket', href }] });
      expect(await found('secure', { tls: {} })).toEqual(link(`wss://chat.example:${port('secure')}/ws-xmpp`));
      expect(await found('forwarded', {})).toEqual(link(`ws://chat.example:${port('forwarded')}/ws-xmpp`));
      const by = 'X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\n';
      expect(await found('forwarded', { from: '127.0.0.2' }, by)).toEqual(
        link(`wss://chat.example:${port('forwarded')}/ws-xmpp`),
      );
    });

    it('TLS sessions are resumed by tickets', async () => {
      const first = await RawClient.connect(port('secure'), { tls: {} });
      await first.open();
      // Its ticket came in front of the features.
      const session = (first.socket as TLSSocket).getSession() as Buffer;
      const second = await RawClient.connect(port('secure'), { tls: { session } });
      expect((second.socket as TLSSocket).isSessionReused()).toBe(true);
      await second.open();
      first.destroy();
      second.destroy();
    });
  },
);

function clientCertificate(username: string): { cert: string; key: string } {
  const { pem, keyPem } = issueCertificate({ issuer: authority, xmppAddresses: [`${username}@localhost`] });
  return { cert: pem, key: keyPem };
}

function bindingsOf(features: Element): string[] {
  const offered = features.getChild('sasl-channel-binding', 'urn:xmpp:sasl-cb:0')?.getChildElements() ?? [];
  return offered.map((element) => element.attrs['type']);
}

function outcome(client: RawClient): Promise<Element> {
  return client.next((element) => element.getNS() === SASL);
}

function base64(data: Uint8Array): string {
  return Buffer.from(data).toString('base64');
}
