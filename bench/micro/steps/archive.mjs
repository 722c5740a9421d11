/** Steps of a row of an archive: made of a message, put into statements, written to the embedded database. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { compiled } from '../../lib/places.mjs';
import { syncStep } from './sync.mjs';

const ACCOUNTS = 500;
/** Rows of one transaction. */
const GROUP = 100;
const BODY = 'Today the turtle went for a walk, and nobody knows why it came back so late. '.repeat(3);
/** The scene has its options, as `archiveSettings` would make them. */
const SETTINGS = {
  ...{ db_jid_format: 'mam_jid_mini', db_message_format: 'mam_message_xml', full_text_search: true },
  ...{ message_retraction: true, enforce_simple_queries: false, default_result_limit: 50, max_result_limit: 50 },
};

export const names = ['MAM rows, both of a message made', 'MAM row, put into a statement', 'MAM row, written'];

export async function open() {
  const { scene, close } = await openDatabase();
  const make = await rowMaker();
  const messages = Array.from({ length: GROUP }, () => make.record());
  let number = 0;
  const write = () => {
    const jobs = [{ steps: scene.insertSteps(messages.map(scene.renumbered), 'sqlite').map(wire) }];
    return () => {
      const [outcome] = scene.groups.run(jobs);
      if ('code' in outcome || outcome.length !== GROUP) throw new Error(`not written: ${outcome.message}`);
    };
  };
  const wire = ({ statement, values }) => ({ text: statement.text.sqlite, values });
  return {
    steps: [
      syncStep(names[0], 1_000, () => make.record(), make.settle),
      syncStep(names[1], 1_000, () => {
        if (++number % GROUP === 0) scene.insertSteps(messages, 'sqlite');
      }),
      { name: names[2], counted: 5 * GROUP, run: (operations, meter) => writeAll(operations, meter, write) },
    ],
    close,
  };
}

async function writeAll(operations, meter, prepare) {
  for (let done = 0; done < operations; done += GROUP) {
    const write = prepare();
    meter.begin();
    write();
    meter.end(GROUP);
  }
}

/** The writing end, on this thread instead of one of its own. */
async function openDatabase() {
  const { openForWriting } = await import(compiled('storage/sql/sqlite/open-file.js'));
  const { GroupCommit } = await import(compiled('storage/sql/sqlite/group-commit.js'));
  const { migrate } = await import(compiled('storage/sql/sqlite/migrate.js'));
  const { insertSteps } = await import(compiled('modules/mam/insert-sql.js'));
  const { archiveStore } = await import(compiled('modules/mam/archive-store.js'));
  const { storeSchema } = await import(compiled('core/storage/index.js'));
  const directory = mkdtempSync(join(tmpdir(), 'meerkat-micro-'));
  const database = openForWriting(join(directory, 'micro.db'), 'normal');
  migrate(database, [storeSchema(archiveStore)]);
  let id = 1n << 56n;
  return {
    scene: {
      insertSteps,
      groups: new GroupCommit(database),
      /** The same message once more, with an id of its own. */
      renumbered: (message) => ({ ...message, id: id++ }),
    },
    close() {
      database.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** What records messages, with a store that keeps nothing behind it. */
async function rowMaker() {
  const { ArchiveIds } = await import(compiled('modules/mam/archive-id.js'));
  const { ArchiveWriter } = await import(compiled('modules/mam/archive-writer.js'));
  const { Recorder } = await import(compiled('modules/mam/recorder.js'));
  const { Owner } = await import(compiled('modules/mam/owner.js'));
  const { Jid } = await import(compiled('protocol/jid.js'));
  const { Stanza } = await import(compiled('protocol/stanza.js'));
  const { systemClock: clock } = await import(compiled('platform/clock.js'));
  const { openLog } = await import(compiled('platform/log.js'));

  let last;
  const store = { maxAddressLength: undefined, insert: async () => {} };
  const log = openLog({ level: 'warning' });
  const limits = { maxMessages: 1e6, maxCharacters: 1e9, patienceMs: 1 };
  const pace = { paceMs: 0, enough: 5_000 };
  const commitments = { track: () => {}, slowDown: () => () => {} };
  const writer = new ArchiveWriter({ store, clock, log, commitments, limits, pace, refused: () => {} });
  const add = writer.add.bind(writer);
  writer.add = (message, after) => {
    last = message;
    add(message, after);
  };
  const parse = () => undefined;
  const recorder = new Recorder({
    settings: SETTINGS,
    store,
    writer,
    ids: new ArchiveIds(clock, 0),
    clock,
    log,
    parse,
  });
  const addresses = Array.from({ length: ACCOUNTS }, (_, number) => Jid.of(`user${number}`, 'bench.example', 'phone'));
  const owners = addresses.map(({ bare }, number) => new Owner(bare, number + 1, 0n, new Map()));
  let number = 0;
  return {
    /** One for the sender and one for the recipient; returns the last one. */
    record() {
      const [from, to] = [number % ACCOUNTS, (number * 7 + 1) % ACCOUNTS];
      const stamps = { name: 'message', type: 'chat', to: addresses[to], from: addresses[from], id: `m${number++}` };
      const xml = `<message xmlns='jabber:client' from='${stamps.from}' to='${stamps.to}' id='${stamps.id}' type='chat'><body>${number} ${BODY}</body></message>`;
      const stanza = Stanza.fromText({ ...stamps, lang: undefined }, xml, parse);
      const common = { stanza, from: stamps.from };
      const own = recorder.record({ ...common, owner: owners[from], remote: stamps.to, direction: 'O' });
      const other = recorder.record({ ...common, owner: owners[to], remote: stamps.from, direction: 'I' });
      if (typeof own !== 'bigint' || typeof other !== 'bigint') throw new Error('the archive takes no more');
      return last;
    },
    async settle() {
      await writer.settled();
      await turn();
    },
  };
}
