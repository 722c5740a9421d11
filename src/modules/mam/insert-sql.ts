/** Puts many messages into few statements. */
import { type Dialect, type SqlValue, type Statement, type Step, statement, step } from '../../core/storage/index.js';
import type { NewMessage } from './archive-store.js';

const COLUMNS =
  'id, user_id, from_jid, remote_bare_jid, remote_resource, direction, message, search_body, origin_id, is_groupchat';
const WIDTH = 10;
const INSERT = `INSERT INTO mam_message (${COLUMNS}) VALUES`;
/** An insert that is repeated because nobody knows how the first one ended must not fail. */
const AGAIN = 'ON CONFLICT DO NOTHING';

/** The first messages of an archive that has no number yet. */
const INSERT_FIRST = statement(
  `${INSERT} ($1, (SELECT id FROM mam_server_user WHERE server = $2 AND user_name = $11), $3, $4, $5, $6, $7, $8, $9, $10) ${AGAIN}`,
);

/**
 * Rows of one statement, the greatest first. SQLite undoes a statement of several rows by keeping every page that it touches, which costs
 * as much again as the rows do. PERF(bench/inside/archive.mjs)
 */
const SIZES: Readonly<Record<Dialect, readonly number[]>> = { sqlite: [1], pgsql: [64, 16, 4, 1] };
const INSERTS: ReadonlyMap<number, Statement> = new Map(SIZES.pgsql.map((rows) => [rows, statement(insertText(rows))]));

function insertText(rows: number): string {
  const tuple = (row: number) =>
    Array.from({ length: WIDTH }, (_, column) => `$${row * WIDTH + column + 1}`).join(', ');
  return `${INSERT} ${Array.from({ length: rows }, (_, row) => `(${tuple(row)})`).join(', ')} ${AGAIN}`;
}

export function insertSteps(messages: readonly NewMessage[], dialect: Dialect): Step[] {
  const steps: Step[] = [];
  const known: NewMessage[] = [];
  for (const message of messages) {
    const { owner } = message;
    if (owner.userId !== undefined) known.push(message);
    else {
      const values: SqlValue[] = [];
      addValues(values, message, owner.domain, dialect);
      values.push(owner.local);
      steps.push(step(INSERT_FIRST, values));
    }
  }
  let at = 0;
  for (const rows of SIZES[dialect]) {
    for (; known.length - at >= rows; at += rows) {
      const values: SqlValue[] = [];
      for (let row = at; row < at + rows; row++) {
        const message = known[row] as NewMessage;
        addValues(values, message, message.owner.userId as number, dialect);
      }
      steps.push(step(INSERTS.get(rows) as Statement, values));
    }
  }
  return steps;
}

function addValues(values: SqlValue[], message: NewMessage, user: number | string, dialect: Dialect): void {
  const { id, from, remote, remoteResource, direction, searchBody, originId, isGroupchat } = message;
  const content =
    dialect === 'pgsql' && typeof message.message === 'string' ? Buffer.from(message.message) : message.message;
  values.push(id, user, from, remote, remoteResource);
  values.push(direction, content, searchBody, originId ?? null, isGroupchat ? 1 : 0);
}
