/** Which requests a reverse proxy passes on, and where to: routes as `mod_revproxy` of MongooseIM has them. */

export interface ProxyRouteSettings {
  /** A host name, `:name` in place of a label, or `_` for every host. */
  readonly host: string;
  /** What the path begins with, `:name` in place of a segment, or `_` for every path. */
  readonly path: string;
  readonly method: string;
  /** `http://` or `https://`, a host, a port if need be, and a path if what was matched is to be replaced. */
  readonly upstream: string;
}

export type ProxyRouteOption = keyof ProxyRouteSettings;

export interface ProxyRequest {
  readonly method: string;
  /** In lower case, without the port. */
  readonly host: string;
  /** Empty when the client named none. */
  readonly port: string;
  /** As sent, without the query. */
  readonly path: string;
}

export interface ProxyTarget {
  readonly origin: string;
  readonly path: string;
}

export class ProxyRouteError extends Error {
  readonly option: ProxyRouteOption;

  constructor(option: ProxyRouteOption, text: string) {
    super(text);
    this.option = option;
  }
}

type Part = { readonly literal: string } | { readonly binding: string };

/** A segment as it was sent, and what it means. */
interface Segment {
  readonly sent: string;
  readonly text: string;
}

interface Upstream {
  readonly scheme: string;
  readonly host: readonly Part[];
  readonly port: string;
  /** Undefined: the whole path of the request is kept. */
  readonly path: readonly Part[] | undefined;
  readonly isFolder: boolean;
}

const ANY = '_';
export const PROXY_METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;
const LABEL = /^[a-z\d](?:[\w-]*[a-z\d])?$/i;
/** Where a label stands for a whole address, which names of hosts never do. */
const NUMBER = /^(?:\d+|0x[\da-f]*)$/i;

export class ProxyRoute {
  readonly #method: string;
  readonly #host: readonly Part[] | undefined;
  readonly #port: string;
  readonly #path: readonly Part[] | undefined;
  readonly #upstream: Upstream;

  /** Throws `ProxyRouteError` with what was expected. */
  constructor({ host, path, method, upstream }: ProxyRouteSettings) {
    const [, name = '', port = ''] = /^(.*?)(?::(\d{1,5}))?$/.exec(host) ?? [];
    this.#host = name === ANY ? undefined : hostParts('host', name);
    this.#port = port;
    this.#path = path === ANY ? undefined : pathParts('path', path);
    this.#method = methodOf(method);
    this.#upstream = upstreamOf(upstream);
    const bound = new Set(bindingsOf([...(this.#host ?? []), ...(this.#path ?? [])]));
    for (const binding of bindingsOf([...this.#upstream.host, ...(this.#upstream.path ?? [])])) {
      if (!bound.has(binding)) {
        throw new ProxyRouteError('upstream', `":${binding}" is neither in the host nor in the path of the route`);
      }
    }
  }

  /** Where the request goes by this route; undefined when it is for another one. */
  match({ method, host, port, path }: ProxyRequest): ProxyTarget | undefined {
    if (this.#method !== ANY && this.#method !== method) return undefined;
    if (this.#port !== '' && this.#port !== port) return undefined;
    const segments = split(path).map(segmentOf);
    if (!segments.every((segment) => segment !== undefined)) return undefined;
    const bindings = new Map<string, Segment>();
    const labels = host.startsWith('[') ? [host] : host.split('.').filter((label) => label !== '');
    const isHost = !this.#host || (labels.length === this.#host.length && bind(this.#host, labels.map(own), bindings));
    if (!isHost || (this.#path && !bind(this.#path, segments, bindings))) return undefined;
    const rest = segments.slice(this.#path?.length ?? 0);
    return this.#target(bindings, segments, rest, path.length > 1 && path.endsWith('/'));
  }

  #target(
    bindings: ReadonlyMap<string, Segment>,
    all: readonly Segment[],
    rest: readonly Segment[],
    isFolder: boolean,
  ): ProxyTarget | undefined {
    const { scheme, host, port, path, isFolder: isUpstreamFolder } = this.#upstream;
    const labels = host.map((part) => ('literal' in part ? part.literal : bindings.get(part.binding)!.text));
    const isAbroad = host.some((part, index) => 'binding' in part && !isLabel(labels[index]!));
    if (isAbroad) return undefined;
    const before = path?.map((part) => ('literal' in part ? part.literal : bindings.get(part.binding)!.sent)) ?? [];
    const segments = [...before, ...(path ? rest : all).map(({ sent }) => sent)];
    const endsInSlash = isFolder || (path !== undefined && isUpstreamFolder && rest.length === 0);
    return {
      origin: `${scheme}://${labels.join('.')}${port}`,
      path: `/${segments.join('/')}${endsInSlash && segments.length > 0 ? '/' : ''}`,
    };
  }
}

/** Slashes that follow one another count as one, as in MongooseIM. */
function split(path: string): string[] {
  return path.split('/').filter((segment) => segment !== '');
}

function own(text: string): Segment {
  return { sent: encodeURIComponent(text), text };
}

/** Undefined for what servers take for other paths than it seems to be: steps up, also with parameters behind, and hidden slashes. */
function segmentOf(sent: string): Segment | undefined {
  try {
    const text = decodeURIComponent(sent);
    return /^\.{1,2}(?:;|$)|[/\\\0]/.test(text) ? undefined : { sent, text };
  } catch {
    return undefined;
  }
}

/** Whether the parts are what the values begin with. What bears the same name has to have the same value. */
function bind(parts: readonly Part[], values: readonly Segment[], bindings: Map<string, Segment>): boolean {
  return parts.every((part, index) => {
    const value = values[index];
    if (!value) return false;
    if ('literal' in part) return part.literal === value.text;
    const before = bindings.get(part.binding);
    if (before) return before.text === value.text;
    bindings.set(part.binding, value);
    return true;
  });
}

function isLabel(text: string): boolean {
  return LABEL.test(text) && !NUMBER.test(text);
}

function hostParts(option: 'host' | 'upstream', text: string): Part[] {
  const host = text.toLowerCase();
  if (/^\[[\da-f:.]+\]$/.test(host)) return [{ literal: host }];
  const parts = text.split('.').map((label) => partOf(option, label));
  for (const part of parts) {
    if ('literal' in part && !LABEL.test(part.literal)) throw new ProxyRouteError(option, `"${text}" is no host name`);
  }
  return parts.map((part) => ('literal' in part ? { literal: part.literal.toLowerCase() } : part));
}

function pathParts(option: 'path' | 'upstream', text: string): Part[] {
  if (!text.startsWith('/')) throw new ProxyRouteError(option, 'expected a path that begins with "/", or "_"');
  if (!/^[!-~]+$/.test(text) || /[?#[\]]/.test(text)) {
    throw new ProxyRouteError(option, `"${text}" is no path, expected segments and ":name"`);
  }
  return split(text).map((segment) => {
    const part = partOf(option, segment);
    if ('binding' in part) return part;
    const literal = segmentOf(segment);
    if (!literal) throw new ProxyRouteError(option, `"${segment}" is no segment of a path`);
    // What is matched is compared by what it means, and what is sent stays as it is written.
    return { literal: option === 'path' ? literal.text : segment };
  });
}

function partOf(option: ProxyRouteOption, text: string): Part {
  if (!text.startsWith(':')) return { literal: text };
  const binding = text.slice(1);
  if (!/^[a-z_]\w*$/i.test(binding)) throw new ProxyRouteError(option, `"${text}" is no name, expected ":name"`);
  return { binding };
}

function methodOf(text: string): string {
  const method = text.toUpperCase();
  if (method !== ANY && !PROXY_METHODS.includes(method as (typeof PROXY_METHODS)[number])) {
    throw new ProxyRouteError('method', `"${text}" is not served, expected "_" or one of ${PROXY_METHODS.join(', ')}`);
  }
  return method;
}

function upstreamOf(text: string): Upstream {
  const [, scheme, authority = '', path] = /^(https?):\/\/([^/]*)(\/.*)?$/i.exec(text) ?? [];
  if (scheme === undefined) {
    throw new ProxyRouteError('upstream', `"${text}" is no address, expected http:// or https:// and a host`);
  }
  const [, host = '', port = ''] = /^(.*?)(:\d{1,5})?$/.exec(authority) ?? [];
  const upstream = {
    scheme: scheme.toLowerCase(),
    host: hostParts('upstream', host),
    port,
    path: path === undefined ? undefined : pathParts('upstream', path),
    isFolder: path?.endsWith('/') ?? false,
  };
  const sample = upstream.host.map((part) => ('literal' in part ? part.literal : 'name')).join('.');
  if (!URL.canParse(`${scheme}://${sample}${port}`)) {
    throw new ProxyRouteError('upstream', `"${authority}" is neither a host nor a host and a port`);
  }
  return upstream;
}

function bindingsOf(parts: readonly Part[]): string[] {
  return parts.flatMap((part) => ('binding' in part ? [part.binding] : []));
}
