/** The card that tells where other clients connect. */
import { type PortFacts, type ServerFacts, webSocketAddress } from '../server-facts.js';
import { byId, make } from './dom.js';

const SECURITY = {
  none: 'without TLS',
  starttls: 'STARTTLS',
  starttls_required: 'STARTTLS, required',
  tls: 'TLS from the first byte',
} as const;

export function showFacts(facts: ServerFacts): void {
  const { version, engine, shards, domain, domains } = facts;
  const threads = `${shards} ${shards === 1 ? 'thread' : 'threads'}`;
  byId('summary').textContent =
    `Version ${version} with the ${engine} engine on ${threads}, serving ${domains.join(', ') || domain}.`;
  byId('facts').replaceChildren(
    ...fact('Address', make('code', {}, `name@${domain}`)),
    ...facts.ports.flatMap((port) => portFact(port)),
  );
}

function portFact(port: PortFacts): Node[] {
  const local = 'from this machine only';
  if (port.kind === 'xmpp') {
    const where = `${location.hostname}, ${port.port === 0 ? 'a free port' : `port ${port.port}`}`;
    return fact('XMPP', make('code', {}, where), ` (${SECURITY[port.security]}${port.isLocal ? `, ${local}` : ''})`);
  }
  if (port.port === 0 || port.path === undefined) return [];
  const scheme = port.security === 'tls' ? 'https' : 'http';
  const address = `${scheme}://${location.hostname}:${port.port}${port.path}`;
  const shown = port.kind === 'websocket' ? webSocketAddress(address, location.href) : address;
  return fact(
    port.kind === 'websocket' ? 'WebSocket' : 'BOSH',
    make('code', {}, shown),
    port.isLocal ? ` (${local})` : '',
  );
}

function fact(name: string, ...value: readonly (Node | string)[]): Node[] {
  return [make('div', {}, make('dt', {}, name), make('dd', {}, ...value))];
}
