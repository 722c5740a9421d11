/** The `general` section: which domains are served, and by which host type. */
import { prepareDomain } from '../../../protocol/jid.js';
import { nearest } from '../nearest.js';
import type { Path } from '../problems.js';
import { quote } from '../problems.js';
import type { DomainCertificate, General } from '../types.js';
import type { Table } from '../validate.js';
import { type Draft, pick } from './draft.js';

const GENERAL_OPTIONS = [
  'loglevel',
  'language',
  'registration_timeout',
  'hide_service_name',
  'http_server_name',
  'sm_backend',
  'replaced_wait_timeout',
  'max_fsm_queue',
];

export function buildGeneral(draft: Draft, raw: Table): General {
  const table = draft.filled('general', draft.table('general'));
  const hosts = prepareAll(draft, ['general', 'hosts'], table['hosts']);
  const host_types = uniqueNames(draft, ['general', 'host_types'], table['host_types'], hosts);
  checkThatSomeHostExists(draft, raw, hosts, host_types);
  return {
    ...(pick(table, GENERAL_OPTIONS) as unknown as General),
    hosts,
    host_types,
    default_server_domain: prepareDomain(String(table['default_server_domain'])) ?? '',
    domain_certfile: buildCertificates(draft, [...hosts, ...host_types]),
  };
}

/** Unless what is there has been found wrong already. */
function checkThatSomeHostExists(
  draft: Draft,
  raw: Table,
  hosts: readonly string[],
  hostTypes: readonly string[],
): void {
  const general = (raw['general'] ?? {}) as Table;
  if (raw['general'] === undefined) {
    draft.find(
      'missing',
      [],
      'key',
      'the section [general] is missing, expected at least hosts and default_server_domain',
    );
    return;
  }
  const isEmpty = (list: unknown) => list === undefined || (Array.isArray(list) && list.length === 0);
  if (hosts.length + hostTypes.length === 0 && isEmpty(general['hosts']) && isEmpty(general['host_types'])) {
    draft.find(
      'missing',
      general['hosts'] === undefined ? ['general'] : ['general', 'hosts'],
      'value',
      'hosts and host_types are both empty, expected at least one domain in hosts',
    );
  }
}

/** Domains in canonical form, each once. */
export function prepareAll(draft: Draft, path: Path, value: unknown): string[] {
  const domains: string[] = [];
  for (const [index, text] of listOf(value).entries()) {
    const domain = prepareDomain(text);
    if (domain === undefined) continue;
    if (domains.includes(domain)) {
      draft.find(
        'contradiction',
        [...path, index],
        'value',
        `${quote(text)} is there twice, expected each domain once`,
      );
    } else domains.push(domain);
  }
  return domains;
}

function uniqueNames(draft: Draft, path: Path, value: unknown, hosts: readonly string[]): string[] {
  const names: string[] = [];
  for (const [index, name] of listOf(value).entries()) {
    if (names.includes(name)) {
      draft.find('contradiction', [...path, index], 'value', `${quote(name)} is there twice, expected each name once`);
    } else if (hosts.includes(name)) {
      draft.find(
        'contradiction',
        [...path, index],
        'value',
        `${quote(name)} is one of hosts too, expected another name`,
      );
    } else names.push(name);
  }
  return names;
}

function listOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function buildCertificates(draft: Draft, hostTypes: readonly string[]): DomainCertificate[] {
  const path = ['general', 'domain_certfile'];
  const seen = new Map<string, string>();
  for (const [index, table] of draft.tables(...path).entries()) {
    const { domain: text, certfile } = table;
    if (typeof text !== 'string' || typeof certfile !== 'string') continue;
    const domain = prepareDomain(text) ?? text;
    const at = [...path, index, 'domain'];
    if (!hostTypes.includes(domain)) {
      draft.find('contradiction', at, 'value', `${unknownHost(text, hostTypes)}, expected one of general.hosts`);
    } else if (seen.has(domain)) {
      draft.find(
        'contradiction',
        at,
        'value',
        `${quote(text)} is there twice, expected one certificate for each domain`,
      );
    } else seen.set(domain, certfile);
  }
  return [...seen].map(([domain, certfile]) => ({ domain, certfile }));
}

export function unknownHost(text: string, known: readonly string[]): string {
  const guess = nearest(text, known);
  return `${quote(text)} is not served here${guess === undefined ? '' : ` (did you mean ${quote(guess)}?)`}`;
}
