/** A real OpenLDAP server for a test file, in a directory of its own and never as root. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endChild } from './child-end.js';
import { issueCertificate } from './client-certificate.js';
import { eventually } from './story/eventually.js';
import { freePorts } from './story/server.js';

export const SUFFIX = 'dc=example,dc=org';
export const ROOT_DN = `cn=admin,${SUFFIX}`;
/** Entries that the server gives for one search. */
export const SIZE_LIMIT = 8;
export const ROOT_PASSWORD = 'root-of-the-directory';
/** Debian and its relatives give this number to `nobody`. */
const UNPRIVILEGED = 65534;

const PROGRAMS = ['/usr/sbin/slapd', '/usr/libexec/slapd', '/usr/lib/openldap/slapd'];
const SCHEMAS = ['/etc/ldap/schema', '/etc/openldap/schema'];
const MODULES = ['/usr/lib/ldap', '/usr/lib/openldap', '/usr/lib64/openldap'];

export class TestSlapd {
  readonly port: number;
  readonly tlsPort: number;
  readonly certificate = issueCertificate({ commonName: 'ldap.example', dnsNames: ['ldap.example'] });
  readonly #directory: string;
  readonly #program: string;
  #server: ChildProcess | undefined;

  private constructor(directory: string, program: string, [port, tlsPort]: readonly number[]) {
    this.#directory = directory;
    this.#program = program;
    this.port = port as number;
    this.tlsPort = tlsPort as number;
  }

  /** `ldif` holds the entries below the suffix, which is there. Returns the reason as a text when it cannot run here. */
  static async start(ldif: string): Promise<TestSlapd | string> {
    const [program, schemas] = [PROGRAMS, SCHEMAS].map((places) => places.find((place) => existsSync(place)));
    if (!program) return 'there is no slapd';
    if (!schemas) return 'there are no schemas of OpenLDAP';
    const directory = mkdtempSync(join(tmpdir(), 'slapd-'));
    let server: TestSlapd | undefined;
    try {
      // Where AppArmor is at work, it keeps the program at its usual place out of directories like this one.
      const copy = join(directory, 'slapd');
      copyFileSync(program, copy);
      chmodSync(copy, 0o755);
      server = new TestSlapd(directory, copy, await freePorts(2));
      server.#write(schemas, ldif);
      await finished(server.#run('-Ta', '-f', server.certificateFile('conf'), '-l', join(directory, 'ldif')));
      await server.resume();
      return server;
    } catch (error) {
      await server?.suspend('SIGKILL');
      rmSync(directory, { recursive: true, force: true });
      return (error as Error).message;
    }
  }

  /** The path of one of its files. */
  certificateFile(name: 'conf' | 'cert.pem' | 'key.pem'): string {
    return join(this.#directory, name);
  }

  /** Starts the server on the same ports and data. */
  async resume(): Promise<void> {
    const urls = `ldap://127.0.0.1:${this.port}/ ldaps://127.0.0.1:${this.tlsPort}/`;
    const server = this.#run('-d', '0', '-h', urls, '-f', this.certificateFile('conf'));
    this.#server = server;
    let ended: string | undefined;
    server.once('exit', (code) => {
      ended = `slapd ended with ${code}`;
    });
    server.once('error', ({ message }) => {
      ended = message;
    });
    await eventually(async () => {
      if (ended !== undefined) throw new Error(ended);
      return (await accepts(this.port)) && (await accepts(this.tlsPort));
    });
  }

  async suspend(signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    await endChild(server, signal);
  }

  async stop(): Promise<void> {
    await this.suspend('SIGKILL');
    rmSync(this.#directory, { recursive: true, force: true });
  }

  #run(...args: readonly string[]): ChildProcess {
    const identity = process.getuid?.() === 0 ? { uid: UNPRIVILEGED, gid: UNPRIVILEGED } : {};
    // It sets aside memory for each descriptor that it may open.
    const line = ['-c', 'ulimit -n 512; exec "$0" "$@"', this.#program, ...args];
    return spawn('/bin/sh', line, { ...identity, stdio: ['ignore', 'ignore', 'pipe'], cwd: this.#directory });
  }

  #write(schemas: string, ldif: string): void {
    const modules = MODULES.find((place) => existsSync(place));
    const hasModule = modules && existsSync(join(modules, 'back_mdb.so'));
    const lines = [
      ...['core', 'cosine', 'inetorgperson'].map((name) => `include ${schemas}/${name}.schema`),
      ...(hasModule ? [`modulepath ${modules}`, 'moduleload back_mdb'] : []),
      `TLSCertificateFile ${this.certificateFile('cert.pem')}`,
      `TLSCertificateKeyFile ${this.certificateFile('key.pem')}`,
      'TLSVerifyClient never',
      // Not for the root, who may see everything.
      `sizelimit ${SIZE_LIMIT}`,
      'database mdb',
      `suffix "${SUFFIX}"`,
      `rootdn "${ROOT_DN}"`,
      `rootpw ${ROOT_PASSWORD}`,
      `directory ${join(this.#directory, 'data')}`,
      'dbnosync',
      // Whoever has not said a name and a password sees nothing.
      'access to attrs=userPassword by anonymous auth',
      'access to * by users read by anonymous auth',
    ];
    const top = `dn: ${SUFFIX}\nobjectClass: dcObject\nobjectClass: organization\ndc: example\no: Example\n\n`;
    const files = { conf: `${lines.join('\n')}\n`, ldif: `${top}${ldif}`, 'cert.pem': this.certificate.pem };
    for (const [name, text] of Object.entries({ ...files, 'key.pem': this.certificate.keyPem }))
      writeFileSync(join(this.#directory, name), text, { mode: 0o600 });
    mkdirSync(join(this.#directory, 'data'));
    if (process.getuid?.() !== 0) return;
    for (const name of ['', 'data', 'conf', 'ldif', 'cert.pem', 'key.pem'])
      chownSync(join(this.#directory, name), UNPRIVILEGED, UNPRIVILEGED);
  }
}

/** A person below the suffix; values in Base64 for attributes whose name ends in a colon, as LDIF has them. */
export function person(uid: string, attributes: Readonly<Record<string, string>>): string {
  const lines = Object.entries({ cn: uid, sn: uid, ...attributes }).map(([name, value]) => `${name}: ${value}`);
  return `dn: uid=${uid},${SUFFIX}\nobjectClass: inetOrgPerson\nuid: ${uid}\n${lines.join('\n')}\n\n`;
}

function finished(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      output += chunk;
    });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`slapadd: ${output.slice(-300)}`))));
  });
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
