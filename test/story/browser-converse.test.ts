/** Converse.js, a chat client of others, in Chromium over our WebSocket. */
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { defaultText } from '../../src/platform/config/default-text.js';
import { browserSkip, launchBrowser, newPage, noBrowser } from '../support/browser/chromium.js';
import { ConversePage, fetchConverse } from '../support/browser/converse.js';
import { Person } from '../support/browser/person.js';
import { Actor } from '../support/story/actor.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';
import { befriend } from '../support/story/story.js';

/** Browsers are slow on a machine that has other things to do. */
const STORY_MS = 150_000;
const PASSWORD = 'correct horse';

const reason = noBrowser ? undefined : await fetchConverse();
const skip = browserSkip || (reason === undefined ? '' : ` (skipped: ${reason})`);

describe.skipIf(skip !== '')(`Converse.js in Chromium${skip}`, { timeout: STORY_MS }, () => {
  let server: TestServer;
  let browser: Browser;
  let converse: ConversePage;

  beforeAll(async () => {
    browser = await launchBrowser();
    const config = defaultText
      .replace(/port = \d+/g, 'port = PORT')
      .replace('loglevel = "info"', 'loglevel = "warning"');
    server = await startServer({ config: `${config}\n[meerkat]\n  engine = "${ENGINES[0]}"\n  shards = 2\n` });
    converse = await ConversePage.serve(`ws://localhost:${server.ports[1]}/ws-xmpp`);
  });
  afterAll(async () => {
    converse?.close();
    await browser?.close();
    await server?.stop();
  });

  it('logs in, chats both ways with somebody at our page, and has the history after a reload', async () => {
    await acquainted(server, 'alice', 'bob');
    const alice = await Person.arrive(browser, `http://localhost:${server.ports[1]}/`, 'alice', []);
    await alice.enter('Log in', PASSWORD);
    await alice.page.getByRole('button', { name: 'bob' }).click();
    const page = await newPage(browser, []);
    await page.goto(converse.address);
    await page.locator('input[name=jid]').fill('bob@localhost');
    await page.locator('input[name=password]').fill(PASSWORD);
    await page.locator('input[name=password]').press('Enter');
    await page.locator('a.open-chat[data-jid="alice@localhost"]').click();
    await alice.page.getByText('bob@localhost · there').waitFor();

    await alice.write('Can you <b>read</b> this?');
    await bodies(page).filter({ hasText: 'Can you <b>read</b> this?' }).waitFor();
    await page.locator('textarea.chat-textarea').fill('Yes & how!');
    await page.locator('textarea.chat-textarea').press('Enter');
    await alice.sees('Yes & how!');
    await alice.message('Can you <b>read</b> this?').getByText('arrived').waitFor();

    await page.reload();
    await bodies(page).filter({ hasText: 'Yes & how!' }).waitFor();
    await alice.write('And now?');
    await bodies(page).filter({ hasText: 'And now?' }).waitFor();
    expect(await bodies(page).count()).toBe(3);
  });
});

function bodies(page: Page): Locator {
  return page.locator('converse-chat-message-body');
}

/** Two accounts that see each other's presence. */
async function acquainted({ port }: TestServer, ...names: [string, string]): Promise<void> {
  const people = await Promise.all(
    names.map((username) => Actor.join(port, { username, domain: 'localhost', password: PASSWORD })),
  );
  const [one, other] = people as [Actor, Actor];
  for (const person of people) await person.available();
  await befriend(one, other);
  for (const person of people) person.vanish();
}
