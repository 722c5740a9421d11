/** RFC 6120 section 5: TLS on the client port, demanded or not; XEP-0368: TLS from the first byte. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls, type TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';
import { authenticate, bind } from '../support/story/actor.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { header, RawClient } from '../support/story/raw-client.js';
import { startServer } from '../support/story/server.js';
import { onEachServer } from '../support/story/story.js';

const TLS = 'urn:ietf:params:xml:ns:xmpp-tls';
const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';

onEachServer('RFC 6120 section 5: STARTTLS', (server) => {
  it('section 5.3.1: is offered, and not required, where TLS is a choice', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    const features = await client.open();
    expect(features.getChild('starttls', TLS)?.getChild('required')).toBeUndefined();
    expect(features.getChild('starttls', TLS)).toBeDefined();
    expect(features.getChild('mechanisms', SASL)).toBeDefined();
  });

  it('section 5.3.1: is all that is offered where TLS is required', async () => {
    const client = await RawClient.connect(server.requiredPort);
    const features = await client.open();
    expect(features.getChildElements().map((child) => child.getName())).toEqual(['starttls']);
    expect(features.getChild('starttls', TLS)?.getChild('required')).toBeDefined();
  });

  it('section 6.5.4: login is refused where TLS is required and not there', async () => {
    const client = await RawClient.connect(server.requiredPort);
    await client.open();
    client.send(`<auth xmlns='${SASL}' mechanism='SCRAM-SHA-256'>biwsbj1hLHI9Yg==</auth>`);
    const failure = await client.next((element) => element.is('failure', SASL));
    expect(failure.getChild('encryption-required')).toBeDefined();
    client.destroy();
  });

  it('and so is registration', async () => {
    const client = await RawClient.connect(server.requiredPort);
    await client.open();
    client.send("<iq type='get' id='r'><query xmlns='jabber:iq:register'/></iq>");
    expect(await client.fails()).toBe('not-authorized');
  });

  it('section 5.4.3.3: a new stream begins under TLS, and offers it no more', async () => {
    const client = await RawClient.connect(server.requiredPort);
    await client.open();
    const before = client.header?.attrs['id'];
    await client.startTls({ servername: 'localhost' });
    const features = await client.open();
    expect(client.header?.attrs['id']).not.toBe(before);
    expect(features.getChild('starttls')).toBeUndefined();
    expect(features.getChild('mechanisms', SASL)).toBeDefined();
    client.destroy();
  });

  it('a client logs in and talks over it', async () => {
    const alice = await overTls(server.requiredPort);
    const bob = await overTls(server.starttlsPort);
    const text = 'x'.repeat(40_000);
    alice.client.send(`<message to='${bob.jid}' id='m'><body>${text}</body></message>`);
    const message = await bob.client.next((element) => element.is('message'));
    expect(message.getChildText('body')).toBe(text);
    alice.client.destroy();
    bob.client.destroy();
  });

  it('section 5.4.2.2: asked for twice, it fails and the stream ends', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    await client.startTls();
    await client.open();
    client.send(`<starttls xmlns='${TLS}'/>`);
    await client.next((element) => element.is('failure', TLS));
    await client.closed();
    expect(client.text.endsWith('</stream:stream>')).toBe(true);
  });

  it('section 5.4.2.2: asked for where there is none, it fails and the stream ends', async () => {
    const client = await RawClient.connect(server.port);
    const features = await client.open();
    expect(features.getChild('starttls')).toBeUndefined();
    client.send(`<starttls xmlns='${TLS}'/>`);
    await client.next((element) => element.is('failure', TLS));
    await client.closed();
    expect(client.text.endsWith('</stream:stream>')).toBe(true);
  });

  it('section 5.3.3: what was sent in the clear behind the request is never read as if it came under TLS', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    client.send(
      `<starttls xmlns='${TLS}'/>${header()}<iq type='get' id='injected'><query xmlns='jabber:iq:register'/></iq>`,
    );
    await client.closed();
    expect(client.text).not.toContain('injected');
    expect(client.text.match(/<stream:stream/g)).toHaveLength(1);
  });

  it('section 5.3.3: but white space means nothing', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    client.send(`<starttls xmlns='${TLS}'/>\n`);
    await client.next((element) => element.is('proceed'));
    client.destroy();
  });

  it('section 5.4.3.2: a handshake that fails ends the connection, and nothing but it', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    await client.open();
    client.send(`<starttls xmlns='${TLS}'/>`);
    await client.next((element) => element.is('proceed'));
    client.send('this is no TLS record, and never will be one');
    await client.closed();
    const other = await RawClient.connect(server.starttlsPort);
    await other.open();
    other.destroy();
  });

  it('section 13.8.3: PLAIN waits for TLS where there is TLS', async () => {
    const client = await RawClient.connect(server.starttlsPort);
    expect(mechanisms(await client.open())).not.toContain('PLAIN');
    client.send(`<auth xmlns='${SASL}' mechanism='PLAIN'>AGEAYg==</auth>`);
    const failure = await client.next((element) => element.is('failure', SASL));
    expect(failure.getChild('encryption-required')).toBeDefined();
    await client.startTls();
    expect(mechanisms(await client.open())).toContain('PLAIN');
    client.destroy();
  });

  it('the certificate that the server made for itself covers every domain, and is the same on every port', async () => {
    const certificates = [];
    for (const port of [server.starttlsPort, server.requiredPort]) {
      const client = await RawClient.connect(port);
      await client.open();
      await client.startTls({ servername: 'localhost' });
      certificates.push((client.socket as TLSSocket).getPeerCertificate());
      client.destroy();
    }
    const [one, other] = certificates;
    expect(one?.subjectaltname).toContain('localhost');
    expect(one?.subjectaltname).toContain('other.example');
    expect(one?.fingerprint256).toBe(other?.fingerprint256);
  });
});

onEachServer('XEP-0368: TLS from the first byte', (server) => {
  it('section 4: answers clients that ask for xmpp-client by ALPN', async () => {
    const client = await RawClient.connect(server.tlsPort, { tls: { ALPNProtocols: ['xmpp-client'] } });
    expect((client.socket as TLSSocket).alpnProtocol).toBe('xmpp-client');
    const features = await client.open();
    expect(features.getChild('starttls')).toBeUndefined();
    expect(mechanisms(features)).toContain('PLAIN');
    client.destroy();
  });

  it('and those that use no ALPN', async () => {
    const client = await RawClient.connect(server.tlsPort, { tls: {} });
    expect((client.socket as TLSSocket).alpnProtocol).toBe(false);
    await client.open();
    client.destroy();
  });

  it('but not those that ask for another protocol (RFC 7301 section 3.2)', async () => {
    await expect(handshake(server.tlsPort, { ALPNProtocols: ['http/1.1'] })).rejects.toThrow();
  });

  it('drops a client that speaks in the clear', async () => {
    const client = await RawClient.connect(server.tlsPort);
    client.send(header());
    await client.closed();
    expect(client.text).not.toContain('stream');
  });
});

onBothEngines(
  'the certificate that the server makes for itself',
  (engine) =>
    ownConfig({ engine, listeners: ['tls = {mode = "tls", certificate = "automatic", verify_mode = "none"}'] }),
  (server, engine) => {
    it('stays the same at the next start', async () => {
      const before = await fingerprint(server().port);
      const dataDir = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
      cpSync(`${server().dataDir}/self-signed`, `${dataDir}/self-signed`, { recursive: true });
      const next = await startServer({
        dataDir,
        config: ownConfig({
          engine,
          listeners: ['tls = {mode = "tls", certificate = "automatic", verify_mode = "none"}'],
        }),
      });
      const after = await fingerprint(next.port);
      await next.stop();
      rmSync(dataDir, { recursive: true });
      expect(after).toBe(before);
    });
  },
);

async function overTls(port: number): Promise<{ client: RawClient; jid: string }> {
  const credentials = { username: `u-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
  const client = await RawClient.connect(port);
  await client.open();
  await client.startTls();
  await client.open();
  client.send(
    `<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>${credentials.username}</username><password>secret</password></query></iq>`,
  );
  await client.next((element) => element.attrs['id'] === 'reg');
  await authenticate(client, credentials);
  await client.open();
  return { client, jid: await bind(client) };
}

function mechanisms(features: Awaited<ReturnType<RawClient['open']>>): string[] {
  return (features.getChild('mechanisms', SASL)?.getChildElements() ?? []).map((element) => element.getText());
}

function handshake(port: number, options: object): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () =>
      resolve(socket),
    );
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('closed')));
  });
}

async function fingerprint(port: number): Promise<string> {
  const socket = await handshake(port, {});
  const { fingerprint256 } = socket.getPeerCertificate();
  socket.destroy();
  return fingerprint256;
}
