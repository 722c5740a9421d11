/** The head of a request: its fields, and whether everybody between the client and us must have read it alike (RFC 9112 section 11). */

/** What the server offers while it calls us, and never after. */
export interface RawHead {
  getCaseSensitiveMethod(): string;
  getUrl(): string;
  getQuery(): string | undefined;
  forEachHeader(take: (name: string, value: string) => void): void;
}

export interface RequestHead {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  /** Without the port, in lower case; empty when the field is not valid. */
  readonly host: string;
  readonly fields: ReadonlyMap<string, string>;
  /** Of the body. */
  readonly contentLength: number;
  /** Why it cannot be served, as a status and a sentence. */
  readonly problem: HeadProblem | undefined;
}

export interface HeadProblem {
  readonly status: 400 | 411 | 431;
  readonly text: string;
}

/** The parser in front stops somewhat above. */
const MAX_HEAD_BYTES = 16 * 1024;
const HOST = /^(?:\[[0-9a-f:.]+\]|[\w.~!$&'()*+,;=%-]+)(?::\d{0,5})?$/i;
/** Fields that decide where a request ends and whom it is for. */
const SINGLE = new Set(['host', 'content-length', 'transfer-encoding', 'upgrade', 'sec-websocket-key']);

export function readHead(raw: RawHead): RequestHead {
  const fields = new Map<string, string>();
  let problem: HeadProblem | undefined;
  let bytes = 0;
  raw.forEachHeader((name, value) => {
    bytes += name.length + value.length + 4;
    const before = fields.get(name);
    if (before !== undefined && SINGLE.has(name)) problem ??= bad(`There is more than one ${name} field.`);
    fields.set(name, before === undefined ? value : `${before}, ${value}`);
  });
  const host = fields.get('host') ?? '';
  if (bytes > MAX_HEAD_BYTES)
    problem ??= { status: 431, text: `The header fields have more than ${MAX_HEAD_BYTES} bytes.` };
  if (!HOST.test(host)) problem ??= bad('The Host field is not the name of a host.');
  problem ??= bodyProblem(fields);
  return {
    method: raw.getCaseSensitiveMethod(),
    path: raw.getUrl(),
    query: raw.getQuery() ?? '',
    host: host.replace(/:\d*$/, '').toLowerCase(),
    fields,
    contentLength: problem ? 0 : Number(fields.get('content-length') ?? 0),
    problem,
  };
}

function bodyProblem(fields: ReadonlyMap<string, string>): HeadProblem | undefined {
  // Where a chunked body ends is a matter on which servers differ: whoever hides a request in one finds no two readings here.
  if (fields.has('transfer-encoding')) {
    return { status: 411, text: 'Transfer-Encoding is not taken: send the body with a Content-Length.' };
  }
  const length = fields.get('content-length');
  if (length !== undefined && !/^\d{1,15}$/.test(length)) return bad('The Content-Length field is not a number.');
  return undefined;
}

function bad(text: string): HeadProblem {
  return { status: 400, text };
}
