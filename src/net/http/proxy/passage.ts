/** One request on its way through the reverse proxy, and its answer on the way back. */
import type { Dispatcher } from 'undici';
import type { Cancel, Clock } from '../../../platform/clock.js';
import type { Logger } from '../../../platform/log.js';
import { type HttpRequest, type HttpResponse, RequestAborted } from '../handler.js';
import { answerFields } from './fields.js';
import { RequestBody } from './request-body.js';
import type { UpstreamRequest, Upstreams } from './upstreams.js';

export interface PassageSurroundings {
  readonly upstreams: Upstreams;
  /** So long may the upstream take to connect, to take a part of the body, to begin its answer, and for each part of it. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

type Headers = Readonly<Record<string, string | string[] | undefined>>;

const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
/** A connection that was kept open may end just when it is used again. */
const STALE = new Set(['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE']);

class UpstreamTimeout extends Error {
  readonly code = 'TIMEOUT';
}

export class Passage implements Dispatcher.DispatchHandler {
  readonly #surroundings: PassageSurroundings;
  readonly #response: HttpResponse;
  readonly #target: Omit<UpstreamRequest, 'body'>;
  #body: RequestBody | undefined;
  #controller: Dispatcher.DispatchController | undefined;
  #cancelTimer: Cancel = () => {};
  #failure: Error | undefined;
  #isAnswered = false;
  #isRepeated = false;

  constructor(surroundings: PassageSurroundings, target: Omit<UpstreamRequest, 'body'>, response: HttpResponse) {
    this.#surroundings = surroundings;
    this.#target = target;
    this.#response = response;
  }

  /** To be called within the call that brought the request. */
  begin(request: HttpRequest): void {
    if (Number(request.header('content-length') ?? 0) > 0) this.#pass(request);
    this.#response.onAborted(() => this.#fail(new RequestAborted()));
    this.#waitForUpstream();
    this.#send();
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#failure) controller.abort(this.#failure);
  }

  onResponseStart(controller: Dispatcher.DispatchController, status: number, headers: Headers): void {
    // RFC 9110 section 15.2: an answer is still to come.
    if (status < 200) return;
    const length = headers['content-length'];
    if (length !== undefined && !/^\d{1,15}$/.test(String(length))) {
      controller.abort(new Error('the length of the answer is no number'));
      return;
    }
    this.#isAnswered = true;
    this.#waitForUpstream();
    this.#response.start(status, answerFields(headers), length === undefined ? undefined : Number(length));
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    if (this.#response.write(chunk)) return this.#waitForUpstream();
    controller.pause();
    this.#cancelTimer();
    void this.#response.drained().then(() => {
      if (this.#response.isOver) return;
      this.#waitForUpstream();
      controller.resume();
    });
  }

  onResponseEnd(): void {
    this.#cancelTimer();
    this.#response.end();
  }

  onResponseError(_controller: Dispatcher.DispatchController | undefined, error: Error): void {
    this.#cancelTimer();
    this.#body?.destroy();
    if (this.#response.isOver) return;
    const cause = this.#failure ?? error;
    const code = (cause as NodeJS.ErrnoException).code ?? cause.name;
    // RFC 9110 section 9.2.2: asking anew changes nothing.
    if (!this.#isAnswered && !this.#isRepeated && this.#isSafe && STALE.has(code)) {
      this.#isRepeated = true;
      this.#controller = undefined;
      this.#waitForUpstream();
      return this.#send();
    }
    this.#surroundings.log.info('http.upstream.failed', { upstream: this.#target.origin, code, error: cause.message });
    // The client sees that the answer is not whole.
    if (this.#isAnswered) this.#response.abort();
    else if (code === 'TIMEOUT' || code === 'UND_ERR_CONNECT_TIMEOUT') {
      this.#refuse(504, 'The server behind this one did not answer in time.');
    } else this.#refuse(502, 'The server behind this one cannot be reached, or gave no answer that can be passed on.');
  }

  get #isSafe(): boolean {
    return this.#body === undefined && (this.#target.method === 'GET' || this.#target.method === 'HEAD');
  }

  #send(): void {
    this.#surroundings.upstreams.send({ ...this.#target, body: this.#body ?? null }, this);
  }

  #pass(request: HttpRequest): void {
    // Nobody waits for an upstream that waits for the client.
    const body = new RequestBody(() => this.#cancelTimer());
    this.#body = body;
    const passing = request.chunks((chunk) => {
      this.#waitForUpstream();
      return body.offer(chunk);
    });
    passing.then(
      () => {
        if (!this.#isAnswered) this.#waitForUpstream();
        body.finish();
      },
      (error: Error) => body.destroy(error),
    );
  }

  #waitForUpstream(): void {
    const { clock, timeoutMs } = this.#surroundings;
    this.#cancelTimer();
    if (this.#response.isOver) return;
    this.#cancelTimer = clock.after(timeoutMs, () => this.#fail(new UpstreamTimeout('the upstream takes too long')));
  }

  #fail(error: Error): void {
    this.#failure ??= error;
    this.#cancelTimer();
    if (this.#controller) this.#controller.abort(this.#failure);
    // It waits for a connection that is not there yet: what comes of it is nobody's any more.
    else if (!this.#response.isOver) this.onResponseError(undefined, this.#failure);
  }

  #refuse(status: number, text: string): void {
    this.#response.send(status, PLAIN, `${text}\n`);
  }
}
