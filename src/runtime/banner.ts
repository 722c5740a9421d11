/** What a person who has just started the server needs to know, in a few lines. */
import { fileURLToPath } from 'node:url';
import { styleText } from 'node:util';
import type { EngineChoice } from '../engine/create-engine.js';
import type { Config, HttpListener } from '../platform/config/index.js';

export interface BannerFacts {
  readonly version: string;
  readonly config: Config;
  readonly engine: EngineChoice;
  readonly shards: number;
  readonly dataDir: string;
  readonly ports: readonly number[];
  readonly startMs: number;
}

export function banner({ version, config, engine, shards, dataDir, ports, startMs }: BannerFacts): string {
  const domains = [...config.general.hosts];
  const domain = config.general.default_server_domain;
  const listeners = config.listen.c2s.map((listener, index) => {
    const security = { tls: 'direct TLS', starttls: 'STARTTLS', starttls_required: 'STARTTLS, required' };
    return `  clients   ${listener.ip_address} port ${ports[index]} (${listener.tls ? security[listener.tls.mode] : 'no TLS'})`;
  });
  const http = config.listen.http.map((listener, index) => {
    const port = ports[config.listen.c2s.length + index];
    return `  ${listener.tls ? 'https' : 'http'}     ${listener.tls ? '' : ' '}${listener.ip_address} port ${port}`;
  });
  const pages = config.listen.http.flatMap((listener, index) => {
    return chatPages(listener, ports[config.listen.c2s.length + index] as number);
  });
  const clientPort = config.listen.c2s.length === 0 ? undefined : ports[0];
  // Another terminal may stand elsewhere, so paths are whole.
  const ctl = inShell(fileURLToPath(new URL('../../bin/meerkatctl.mjs', import.meta.url)));
  const bold = (text: string) => styleText('bold', text);
  return [
    '',
    `${bold(`Meerkat ${version}`)} is up after ${Math.round(startMs)} ms: ${engine.kind} engine, ${shards} ${shards === 1 ? 'shard' : 'shards'}`,
    `  domains   ${domains.join(', ')}`,
    ...listeners,
    ...http,
    `  data      ${dataDir}`,
    `  config    ${config.file ?? 'built-in default; your own with --config FILE'}`,
    '',
    ...pages.slice(0, 1).map((page) => `${bold('Chat in a browser')} ${page}`),
    `${bold('Make an account')}   ${ctl} --data ${inShell(dataDir)} account registerUser --username alice --domain ${domain} --password secret`,
    `${bold('Connect')}           any XMPP client, as alice@${domain}, server ${domain === 'localhost' ? '127.0.0.1' : domain}${clientPort === undefined ? '' : `, port ${clientPort}`}`,
    `${bold('Stop')}              Ctrl-C`,
    '',
    '',
  ].join('\n');
}

/** Where somebody at this machine opens `meerkat_web_client`. */
function chatPages({ handlers, tls, ip_address }: HttpListener, port: number): string[] {
  const isAtLocalhost = ['::', '0.0.0.0', '127.0.0.1', '::1'].includes(ip_address);
  const here = isAtLocalhost ? 'localhost' : ip_address.includes(':') ? `[${ip_address}]` : ip_address;
  return handlers
    .filter(({ type }) => type === 'meerkat_web_client')
    .map(({ host, path }) => `${tls ? 'https' : 'http'}://${host === '_' ? here : host}:${port}${path}`);
}

/** As one word of a POSIX shell. */
function inShell(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
