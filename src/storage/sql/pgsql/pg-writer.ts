/** Sends the writes of one shard in order, each group in one transaction and in one go. */
import type pg from 'pg';
import type { Row, Step, StorageError, WriteResult } from '../../../core/storage/index.js';
import { isServerError, pgError } from './pg-error.js';
import type { PgLink } from './pg-link.js';

/** Runs a statement that the connection may know already. */
export type RunStep = (client: pg.Client, step: Step) => Promise<pg.QueryResult<Row>>;

export interface PgJob {
  readonly steps: readonly Step[];
  settle(outcome: readonly WriteResult[] | StorageError): void;
}

const MAX_GROUP = 500;

export class PgWriter {
  readonly #link: PgLink;
  readonly #run: RunStep;
  readonly #name: string;
  #queue: PgJob[] = [];
  #isWorking = false;

  constructor(link: PgLink, run: RunStep, name: string) {
    this.#link = link;
    this.#run = run;
    this.#name = name;
  }

  add(job: PgJob): void {
    this.#queue.push(job);
    if (this.#isWorking) return;
    this.#isWorking = true;
    // Whatever this turn of the loop brings goes together; what comes while a group is under way makes the next.
    setImmediate(() => this.#work());
  }

  async #work(): Promise<void> {
    while (this.#queue.length > 0) {
      const group = this.#queue.splice(0, MAX_GROUP);
      try {
        await this.#commit(await this.#link.client(), group);
      } catch (error) {
        for (const job of group) job.settle(pgError(error, this.#name));
      }
    }
    this.#isWorking = false;
  }

  async #commit(client: pg.Client, group: readonly PgJob[]): Promise<void> {
    if (group.length === 1) return this.#alone(client, group[0]!);
    const { results } = await this.#transaction(
      client,
      group.flatMap(({ steps }) => steps),
    );
    if (!results) {
      // One of them has failed, so PostgreSQL has undone all: each gets its own chance.
      for (const job of group) await this.#retry(job);
      return;
    }
    let next = 0;
    for (const { steps, settle } of group) {
      settle(results.slice(next, next + steps.length));
      next += steps.length;
    }
  }

  async #retry(job: PgJob): Promise<void> {
    try {
      await this.#alone(await this.#link.client(), job);
    } catch (error) {
      job.settle(pgError(error, this.#name));
    }
  }

  async #alone(client: pg.Client, { steps, settle }: PgJob): Promise<void> {
    if (steps.length === 1) {
      settle([toResult(await this.#run(client, steps[0]!))]);
      return;
    }
    const { results, refusal } = await this.#transaction(client, steps);
    settle(results ?? pgError(refusal, this.#name));
  }

  /** Without results the server has undone it, and says why. Throws when the connection fails: then nobody knows. */
  async #transaction(client: pg.Client, steps: readonly Step[]): Promise<Outcome> {
    const begin = client.query('BEGIN');
    const answers = steps.map((step) => this.#run(client, step));
    const commit = client.query('COMMIT');
    const [begun, committed, ...done] = await Promise.allSettled([begin, commit, ...answers]);
    const reasons = [begun, ...done, committed].filter(isRejected).map(({ reason }) => reason as unknown);
    const lost = reasons.find((reason) => !isServerError(reason));
    // Without a transaction around them the others would have been committed one by one.
    if (lost !== undefined || isRejected(begun)) {
      this.#link.drop(client);
      throw lost ?? reasons[0];
    }
    if (reasons.length > 0) return { refusal: reasons[0] };
    return { results: done.map((answer) => toResult((answer as PromiseFulfilledResult<pg.QueryResult<Row>>).value)) };
  }
}

interface Outcome {
  readonly results?: readonly WriteResult[];
  readonly refusal?: unknown;
}

function isRejected(outcome: PromiseSettledResult<unknown> | undefined): outcome is PromiseRejectedResult {
  return outcome?.status === 'rejected';
}

function toResult({ rowCount, rows }: pg.QueryResult<Row>): WriteResult {
  return { changes: rowCount ?? 0, rows };
}
