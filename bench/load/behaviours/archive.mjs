/** Archives (XEP-0313): messages are written into them while their owners page through them. */
import { now } from '../../measure/clock.mjs';
import { ArchiveReader } from '../archive-reader.mjs';
import { sleep } from '../scene.mjs';
import { amount, count } from '../schema.mjs';
import { chatWriter } from '../texts.mjs';

/** Messages on their way while the archives are filled. */
const WINDOW = 20;
const RETRY_MS = 100;

export const archive = {
  doc: 'archives that are written and paged through at the same time',
  operation: 'page',
  options: {
    pairs: count(10, 'pairs of accounts'),
    messages: count(200, 'messages of each pair that are in both archives from the beginning'),
    rate: amount(50, 'messages a second of all together while pages are read'),
    page: count(50, 'messages of a page'),
    pause: amount(0, 'seconds between two pages of an account'),
    bytes: count(260, 'size of a message'),
  },
  units: ({ pairs }) => pairs,
  connections: ({ pairs }) => 2 * pairs,
  needsAccounts: () => true,
  create: (scene) => new Archive(scene),
};

class Archive {
  #scene;
  #pairs = [];
  #isRunning = false;
  #loops = [];
  #loop;

  constructor(scene) {
    this.#scene = scene;
  }

  async prepare() {
    const { first, count: pairs, connector } = this.#scene;
    const names = Array.from({ length: pairs }, (_, index) =>
      ['writer', 'reader'].map((role) => connector.name(role, first + index)),
    );
    await this.#scene.register(names.flat());
    this.#pairs = await this.#scene.each(pairs, (index) => this.#enter(names[index]));
    await Promise.all(this.#pairs.map((pair) => this.#fill(pair)));
  }

  start() {
    this.#isRunning = true;
    this.#loops = this.#pairs.flatMap(({ readers }) => readers.map((reader) => this.#readOnAndOn(reader)));
    if (this.#scene.settings.rate === 0) return;
    this.#loop = this.#scene.inTurns(this.#pairs, (pair, dueAt) => pair.answer(dueAt));
  }

  async stop() {
    this.#isRunning = false;
    this.#loop?.stop();
    await Promise.all(this.#loops);
    await this.#scene.drained();
  }

  finish() {
    return this.#scene.endAll(this.#pairs.flatMap(({ sessions }) => sessions));
  }

  async #enter([writerName, readerName]) {
    const { ledger, settings } = this.#scene;
    const sessions = [await this.#scene.login(writerName), await this.#scene.login(readerName)];
    const [writer, reader] = sessions;
    for (const session of sessions) await session.available();
    await this.#scene.need(writer, 'urn:xmpp:mam:2', 'message archive (XEP-0313)');
    const filled = ledger.channel(writer.jid).addReader(reader);
    const answers = ledger.channel(reader.jid).addReader(writer);
    const readers = sessions.map((session) => new ArchiveReader(session, { size: settings.page, filled }));
    const pair = { sessions, readers, filled, onMessage: () => {} };
    for (const [index, session] of sessions.entries()) {
      session.onMessage = (view) => {
        if (!readers[index].takes(view, ledger)) pair.onMessage(ledger.arrived(view.id, view.from, session));
      };
    }
    const write = chatWriter(writer.jid, settings.bytes);
    pair.answer = (dueAt) => reader.send(write(answers.next(dueAt)));
    for (const one of readers) await one.begin();
    return pair;
  }

  /** Until both archives have everything. */
  async #fill(pair) {
    const { settings, run } = this.#scene;
    const write = chatWriter(pair.sessions[1].jid, settings.bytes);
    const send = () => pair.sessions[0].send(write(pair.filled.next(now())));
    await new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the archives were not filled in time')), run.patience * 1_000);
      let came = 0;
      pair.onMessage = () => {
        if (pair.filled.sent < settings.messages) send();
        if (++came < settings.messages) return;
        clearTimeout(timer);
        resolve();
      };
      for (let number = 0; number < Math.min(WINDOW, settings.messages); number++) send();
    });
    const message = this.#scene.operation('message');
    pair.onMessage = (dueAt) => message.record(now() - dueAt);
    const deadline = now() + run.patience * 1_000;
    for (const reader of pair.readers) {
      while ((await reader.walk(settings.messages)) !== undefined && now() < deadline) await sleep(RETRY_MS);
    }
  }

  async #readOnAndOn(reader) {
    const page = this.#scene.operation('page');
    const { messages, pause } = this.#scene.settings;
    const onPage = (ms) => {
      page.record(ms);
      return pause > 0 ? sleep(pause * 1_000) : undefined;
    };
    await this.#scene.attempt('pages of archives', async () => {
      while (this.#isRunning) {
        const problem = await reader.walk(messages, { onPage, isRunning: () => this.#isRunning });
        if (problem !== undefined) this.#scene.fault(`the archive of ${reader.jid} ${problem}`);
      }
    });
  }
}
