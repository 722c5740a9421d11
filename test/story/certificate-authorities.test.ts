/** Authorities of clients that change while the server runs, and what tickets from before a change are worth. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import type { Element } from 'ltx';
import { afterAll, beforeEach, expect, it } from 'vitest';
import { type IssuedCertificate, issueCertificate } from '../support/client-certificate.js';
import { type Issued, issue } from '../support/engine/certificates.js';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { Ctl } from '../support/story/ctl.js';
import { RawClient } from '../support/story/raw-client.js';
import { visit } from '../support/story/tls-visit.js';
import { revocationList } from '../unit/engine/revocation-list.js';

const SASL = 'urn:ietf:params:xml:ns:xmpp-sasl';
const folder = mkdtempSync(join(tmpdir(), 'meerkat-story-'));
const file = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

const before = issueCertificate({ commonName: 'Authority before' });
const after = issueCertificate({ commonName: 'Authority after' });

function put({ certificate, key }: Issued): void {
  writeFileSync(file('cert.pem'), certificate + key);
}

const own = `certfile = "${file('cert.pem')}"`;
const judging = `tls = {mode = "starttls", ${own}, verify_mode = "peer", disconnect_on_failure = false, cacertfile = "${file('ca.pem')}"}`;
const revoking = judging.replace('verify_mode', `crl_files = ["${file('crl.pem')}"], verify_mode`);
const asking = `tls = {mode = "starttls", ${own}, verify_mode = "none"}`;

put(issue({ name: 'localhost' }));
writeFileSync(file('ca.pem'), before.pem);
revoke();

/** Certificates of the authority before. */
function revoke(...certificates: readonly string[]): void {
  writeFileSync(file('crl.pem'), revocationList({ certificate: before.pem, key: before.keyPem }, certificates));
}

onBothEngines(
  'certificates that change, shards = 2',
  (engine) =>
    ownConfig({
      engine,
      shards: 2,
      auth: '  methods = ["internal"]\n  sasl_mechanisms = ["external", "scram_sha256"]\n',
      listeners: [judging, asking, revoking],
    }),
  (server) => {
    const reload = async () => (await new Ctl(server().dataDir).json('server reloadCertificates')).result;
    beforeEach(async () => {
      writeFileSync(file('ca.pem'), before.pem);
      revoke();
      await reload();
    });

    it('cacertfile: clients of the new authority are taken, and those of the old one no longer', async () => {
      expect(await mechanismsFor(server().port, before)).toContain('EXTERNAL');
      expect(await mechanismsFor(server().port, after)).not.toContain('EXTERNAL');
      writeFileSync(file('ca.pem'), after.pem);
      await reload();
      for (let visit = 0; visit < 4; visit++) {
        expect(await mechanismsFor(server().port, before)).not.toContain('EXTERNAL');
        expect(await mechanismsFor(server().port, after)).toContain('EXTERNAL');
      }
    });

    it('cacertfile: a damaged one is refused, and the authority from before goes on', async () => {
      writeFileSync(file('ca.pem'), after.pem.slice(0, 300));
      const rows: { state: string }[] = await reload();
      expect(rows.some(({ state }) => state === 'refused')).toBe(true);
      expect(await mechanismsFor(server().port, before)).toContain('EXTERNAL');
      expect(await mechanismsFor(server().port, after)).not.toContain('EXTERNAL');
    });

    it('crl_files: a certificate is worth nothing from the moment when the list names it', async () => {
      const port = server().ports[2] as number;
      expect(await mechanismsFor(port, before)).toContain('EXTERNAL');
      // All of these clients have the same serial number.
      revoke(issueCertificate({ issuer: before }).pem);
      await reload();
      for (let visit = 0; visit < 4; visit++) expect(await mechanismsFor(port, before)).not.toContain('EXTERNAL');
    });

    it.each(['TLSv1.2', 'TLSv1.3'] as const)(
      '%s: a ticket from before a change of the certificate is worth nothing, a new one is',
      async (version) => {
        const [, port] = server().ports as [number, number];
        const options: ConnectionOptions = { minVersion: version, maxVersion: version };
        const { session } = await visit(port, options);
        expect((await visit(port, { ...options, session })).isReused).toBe(true);
        put(issue({ name: 'localhost' }));
        await reload();
        const late = await visit(port, { ...options, session });
        expect(late.isReused).toBe(false);
        expect((await visit(port, { ...options, session: late.session })).isReused).toBe(true);
      },
    );
  },
);

/** What a client is offered that shows a certificate of this authority. */
async function mechanismsFor(port: number, issuer: IssuedCertificate): Promise<string[]> {
  const { pem, keyPem } = issueCertificate({ issuer, xmppAddresses: ['alice@localhost'] });
  const client = await RawClient.connect(port);
  try {
    await client.open();
    await client.startTls({ cert: pem, key: keyPem });
    return mechanisms(await client.open());
  } finally {
    client.destroy();
  }
}

function mechanisms(features: Element): string[] {
  return (features.getChild('mechanisms', SASL)?.getChildElements() ?? []).map((element) => element.getText());
}
