/** One request and its answer, over what uWebSockets.js hands out for them. */
import { STATUS_CODES } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { AnswerBody } from './answer-body.js';
import type { AnswerFields, HeaderFields, HttpResponse } from './handler.js';
import { RequestAborted } from './handler.js';
import type { Refusal } from './refusals.js';
import type { RawResponse } from './uws.js';

const gzipped = promisify(gzip);
/** A smaller body hardly gets any smaller. */
const MIN_COMPRESSED_BYTES = 1_024;
const COMPRESSIBLE = /^(?:text\/|application\/(?:[\w.+-]+\+)?(?:json|xml|javascript)\b|image\/svg)/;

export interface ExchangeOptions {
  /** For the Server field. */
  readonly serverName: string;
  readonly isHead: boolean;
  /** The client takes gzip, and the listener gives it. */
  readonly compress: boolean;
  /** Fields of every answer. */
  readonly fields: HeaderFields;
  /** Hears once that there is nothing more to do. */
  readonly count: { leave(): void } | undefined;
}

export class Exchange implements HttpResponse {
  readonly #raw: RawResponse;
  readonly #options: ExchangeOptions;
  #aborted: (() => void) | undefined;
  /** Somebody reads the body, and hears of its end before the time. */
  #lost: ((error: RequestAborted) => void) | undefined;
  #isAborted = false;
  #isOver = false;
  /** The last byte has been handed on. */
  #isDone = false;
  #waiting: (() => void)[] | undefined;
  /** The client is kept from sending more of its request. */
  #isPaused = false;
  #body: AnswerBody | undefined;

  /** To be made within the call that brought the request. */
  constructor(raw: RawResponse, options: ExchangeOptions) {
    this.#raw = raw;
    this.#options = options;
    raw.onAborted(() => this.#abort());
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  onAborted(callback: () => void): void {
    if (this.#isAborted) callback();
    else this.#aborted = both(this.#aborted, callback);
  }

  send(status: number, fields: HeaderFields = {}, body: string | Uint8Array = ''): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    if (!this.#shrinks(fields, bytes)) return this.#whole(status, fields, bytes, false);
    void gzipped(bytes).then(
      (small) => this.#whole(status, { ...fields, ...this.#asGzip(fields) }, small, false),
      () => this.#whole(status, fields, bytes, false),
    );
  }

  /**
   * Not within the call that brought the request: until it is answered, what was sent behind it is not read, and a connection that is
   * closed after this answer never gets to it.
   */
  refuse({ status, text, fields = {}, isLast = false }: Refusal): void {
    this.#isOver = true;
    setImmediate(() => {
      const all = { 'content-type': 'text/plain; charset=utf-8', ...fields };
      this.#whole(status, all, Buffer.from(`${text}\n`), isLast);
    });
  }

  start(status: number, fields: AnswerFields = {}, length?: number): void {
    if (this.#isOver || this.#body) return;
    const { isHead } = this.#options;
    const isNone = isHead || hasNoBody(status);
    const body = new AnswerBody(this.#raw, { length, isNone, finishing: () => this.#letGoOn() });
    this.#body = body;
    this.#raw.cork(() => {
      this.#head(status, fields);
      // Told a length at the end, the library closes the connection.
      if (isHead && length !== undefined) this.#raw.writeHeader('content-length', String(length));
    });
    this.#raw.onWritable(() => {
      if (!body.flush()) return false;
      if (this.#isOver && body.isOver) this.#done();
      this.#resume();
      return true;
    });
  }

  write(chunk: string | Uint8Array): boolean {
    if (this.#isOver || !this.#body) return true;
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    let isFlowing = true;
    this.#raw.cork(() => {
      isFlowing = this.#body!.write(bytes);
    });
    return isFlowing;
  }

  drained(): Promise<void> {
    if (this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiting ??= [];
      this.#waiting.push(resolve);
    });
  }

  end(): void {
    if (this.#isOver || !this.#body) return;
    let isWhole = true;
    if (!this.#body.isOver) {
      this.#raw.cork(() => {
        isWhole = this.#body!.end();
      });
    }
    if (!isWhole) return this.abort();
    this.#isOver = true;
    if (this.#body.isOver) this.#done();
  }

  abort(): void {
    if (!this.#isAborted && !this.#isDone) this.#raw.close();
  }

  /** The body, whose length is known, as it comes. */
  read(length: number, take: (chunk: Buffer) => void | Promise<void>): Promise<void> {
    if (this.#isAborted) return Promise.reject(new RequestAborted());
    if (length === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#lost = reject;
      this.#raw.onData((bytes, isLast) => {
        // The memory behind it is taken away when this call returns.
        const held = take(Buffer.from(new Uint8Array(bytes)));
        if (held instanceof Promise) void this.#holdBack(held, isLast).then(resolve, reject);
        else if (isLast) {
          this.#lost = undefined;
          resolve();
        }
      });
    });
  }

  #holdBack(held: Promise<void>, isLast: boolean): Promise<void> {
    if (isLast) return held;
    this.#isPaused = true;
    this.#raw.pause();
    return held.then(
      () =>
        new Promise<never>(() => {
          this.#letGoOn();
        }),
    );
  }

  /** A connection whose request is answered has to be read again. */
  #letGoOn(): void {
    if (this.#isPaused && !this.#isAborted && !this.#isDone) this.#raw.resume();
    this.#isPaused = false;
  }

  /** Both who asks and what they take may choose an answer. */
  #asGzip({ vary = this.#options.fields['vary'] }: HeaderFields): HeaderFields {
    return { 'content-encoding': 'gzip', vary: vary ? `${vary}, Accept-Encoding` : 'Accept-Encoding' };
  }

  #shrinks(fields: HeaderFields, bytes: Uint8Array): boolean {
    const { compress, isHead } = this.#options;
    return (
      compress && !isHead && bytes.length >= MIN_COMPRESSED_BYTES && COMPRESSIBLE.test(fields['content-type'] ?? '')
    );
  }

  #whole(status: number, fields: HeaderFields, bytes: Uint8Array, isLast: boolean): void {
    if (this.#isAborted || this.#isDone) return;
    this.#letGoOn();
    this.#raw.cork(() => {
      this.#head(status, fields);
      if (hasNoBody(status)) this.#raw.endWithoutBody();
      else if (this.#options.isHead) this.#withoutBody(bytes.length, isLast);
      else this.#raw.end(bytes, isLast);
    });
    this.#done();
  }

  #withoutBody(length: number, isLast: boolean): void {
    // Told a length, the library closes the connection.
    if (isLast) this.#raw.endWithoutBody(length, true);
    else this.#raw.writeHeader('content-length', String(length)).endWithoutBody();
  }

  #head(status: number, fields: AnswerFields): void {
    this.#raw.writeStatus(`${status} ${STATUS_CODES[status] ?? 'Unknown'}`);
    this.#raw.writeHeader('server', this.#options.serverName);
    for (const [name, value] of Object.entries({ ...this.#options.fields, ...fields })) {
      for (const one of Array.isArray(value) ? value : [value]) this.#raw.writeHeader(name, one);
    }
  }

  #abort(): void {
    this.#isAborted = true;
    this.#isOver = true;
    this.#lost?.(new RequestAborted());
    const callback = this.#aborted;
    this.#aborted = undefined;
    callback?.();
    this.#resume();
    this.#done();
  }

  #resume(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const resume of waiting) resume();
  }

  #done(): void {
    if (this.#isDone) return;
    this.#isDone = true;
    this.#options.count?.leave();
  }
}

/** Mostly there is one alone, of each of thousands of requests that are held. */
function both(first: (() => void) | undefined, second: () => void): () => void {
  if (!first) return second;
  return () => {
    first();
    second();
  };
}

/** RFC 9110 section 6.4.1. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 304;
}
