/** Our chat page in Chromium, on the configuration that is served without a file. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { defaultText } from '../../src/platform/config/default-text.js';
import { accessibilityFaults, faintTexts } from '../support/browser/accessibility.js';
import { browserSkip, launchBrowser, noBrowser } from '../support/browser/chromium.js';
import { Person } from '../support/browser/person.js';
import { WeakNetwork } from '../support/browser/weak-network.js';
import { Actor } from '../support/story/actor.js';
import { ENGINES, startServer, type TestServer } from '../support/story/server.js';

/** Browsers are slow on a machine that has other things to do. */
const STORY_MS = 120_000;
const PHONE = { viewport: { width: 390, height: 780 } };

let browser: Browser;
beforeAll(async () => {
  if (!noBrowser) browser = await launchBrowser();
});
afterAll(() => browser?.close());

for (const engine of ENGINES) {
  describe.skipIf(noBrowser)(`the chat page in Chromium${browserSkip} [${engine}]`, { timeout: STORY_MS }, () => {
    let server: TestServer;
    let network: WeakNetwork;
    let complaints: string[] = [];
    let count = 0;

    beforeAll(async () => {
      const config = defaultText
        .replace(/port = \d+/g, 'port = PORT')
        .replace('loglevel = "info"', 'loglevel = "warning"');
      server = await startServer({ config: `${config}\n[meerkat]\n  engine = "${engine}"\n  shards = 2\n` });
      network = await WeakNetwork.to(server.ports[1] as number);
    });
    afterAll(async () => {
      network.close();
      await server.stop();
    });
    afterEach(async () => {
      network.mend();
      await Promise.all(browser.contexts().map((context) => context.close()));
      const found = complaints;
      complaints = [];
      expect(found).toEqual([]);
    });

    const address = () => `http://localhost:${server.ports[1]}/`;
    const weakAddress = () => `http://localhost:${network.port}/`;
    const arrive = (name: string, at = address(), options = {}) =>
      Person.arrive(browser, at, `${name}-${engine}-${++count}`, complaints, options);

    async function friends(at = address()): Promise<[Person, Person]> {
      const [alice, bob] = await Promise.all([arrive('alice', at), arrive('bob')]);
      await Promise.all([alice.register(), bob.register()]);
      await alice.add(bob);
      await bob.accept(alice);
      await bob.open(alice);
      await alice.page.getByText(`${bob.name}@localhost · there`).waitFor();
      await bob.page.getByText(`${alice.name}@localhost · there`).waitFor();
      return [alice, bob];
    }

    it('two people make accounts, add each other and chat, with receipts and writing shown; markup stays text', async () => {
      const [alice, bob] = await friends();
      const markup = '<img src=x onerror=alert(1)><script>alert(2)</script> &amp; https://a.example/?b=<b>c</b>';
      await alice.write(markup);
      const received = await bob.sees(markup);
      expect(await received.locator('img, script, b').count()).toBe(0);
      expect(await received.getByRole('link').getAttribute('href')).toBe('https://a.example/?b=');
      await bob.page.getByLabel('Message', { exact: true }).pressSequentially('Ha');
      await alice.page.getByText(`${bob.name} is writing…`).waitFor();
      await bob.write('Ha!');
      await alice.sees('Ha!');
      await alice.message(markup).getByText('arrived').waitFor();
      await bob.message('Ha!').getByText('arrived').waitFor();
      await alice.page.getByText('is writing').waitFor({ state: 'hidden' });
    });

    it('a connection that is lost comes back, and no message is lost or there twice', async () => {
      const [alice, bob] = await friends(weakAddress());
      await alice.write('one');
      await bob.sees('one');
      network.cut();
      await alice.page.getByText('The connection is gone').waitFor();
      await alice.write('two');
      await alice.message('two').getByText('on the way').waitFor();
      await bob.write('three');
      await bob.message('three').getByText('sent').waitFor();
      expect(await bob.messages()).toEqual(['one', 'three']);
      network.mend();
      await alice.sees('three');
      await bob.sees('two');
      await alice.message('two').getByText('arrived').waitFor();
      await alice.page.getByText('The connection is gone').waitFor({ state: 'hidden' });
      expect((await alice.messages()).sort()).toEqual(['one', 'three', 'two']);
      expect((await bob.messages()).sort()).toEqual(['one', 'three', 'two']);
      // The browser tells of connections that fail.
      complaints = complaints.filter((text) => !text.includes('WebSocket connection to'));
    });

    // The rest is about the page alone.
    if (engine !== ENGINES[0]) return;

    it('after a reload the history is there, and what was written meanwhile', async () => {
      const [alice, bob] = await friends();
      await alice.write('before');
      await bob.sees('before');
      await alice.page.reload();
      expect(await alice.page.getByLabel('Name', { exact: true }).inputValue()).toBe(alice.name);
      expect(await alice.page.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }))).not.toContain(
        'horse',
      );
      await bob.write('meanwhile');
      await bob.message('meanwhile').getByText('sent').waitFor();
      await alice.logIn();
      await alice.open(bob);
      await alice.sees('before');
      await alice.sees('meanwhile');
      expect(await alice.messages()).toEqual(['before', 'meanwhile']);
      await alice.write('back');
      await bob.sees('back');
    });

    it('what lies further back comes page by page, and stays in order', async () => {
      const [alice, bob] = await Promise.all(['alice', 'bob'].map((name) => member(`${name}-${engine}-${++count}`)));
      const bodies = Array.from({ length: 55 }, (_, index) => `number ${index + 1}`);
      for (const body of bodies) bob!.send(`<message type='chat' to='${alice!.bare}'><body>${body}</body></message>`);
      await alice!.receives(`<message type='chat'><body>number 55</body></message>`);
      const person = await Person.arrive(browser, address(), alice!.username, complaints);
      await person.enter('Log in', 'pass');
      await person.page.getByRole('list', { name: 'Contacts' }).getByRole('button', { name: bob!.username }).click();
      await person.sees('number 55');
      await person.page.getByRole('button', { name: 'Older messages' }).click();
      await person.sees('number 1');
      await person.page.getByRole('button', { name: 'Older messages' }).waitFor({ state: 'hidden' });
      expect(await person.messages()).toEqual(bodies);
    });

    async function member(username: string): Promise<Actor> {
      const actor = await Actor.join(server.port, { username, domain: 'localhost', password: 'pass' });
      await actor.available();
      return actor;
    }

    it('a second window of the same person gets what the first one sends and receives', async () => {
      const [alice, bob] = await friends();
      const [other] = await Promise.all([Person.arrive(browser, address(), alice.name, complaints)]);
      await other.logIn();
      await other.open(bob);
      await alice.write('from the first window');
      await other.sees('from the first window');
      await bob.write('to both');
      await Promise.all([alice.sees('to both'), other.sees('to both')]);
      expect(await other.messages()).toEqual(['from the first window', 'to both']);
    });

    it('who is not being looked at counts as unread, in the title too; a contact can be removed', async () => {
      const [alice, bob] = await friends();
      await alice.page.keyboard.press('Escape');
      await bob.write('psst');
      await alice.contact(bob).getByText('1 unread').waitFor();
      expect(await alice.page.title()).toBe('(1) Meerkat');
      await alice.open(bob);
      await alice.sees('psst');
      await expect.poll(() => alice.page.title(), { timeout: 20_000 }).toBe('Meerkat');
      await alice.page.getByRole('button', { name: 'Remove this contact' }).click();
      await alice.page.getByRole('dialog').getByRole('button', { name: 'Remove' }).click();
      await alice.page.getByText(`${bob.name}@localhost · not a contact`).waitFor();
      await bob.page.getByText(`${alice.name}@localhost · not there`).waitFor();
    });

    it('says what is wrong with a login, and with a name that is taken', async () => {
      const alice = await arrive('alice');
      await alice.register();
      await alice.page.getByRole('button', { name: 'Log out' }).click();
      await alice.enter('Log in', 'wrong');
      await alice.page.getByRole('alert').getByText('do not belong together').waitFor();
      await alice.enter('New account');
      await alice.page.getByRole('alert').getByText('is taken already').waitFor();
      await alice.enter('New account');
      await alice.logIn();
      await alice.add(alice);
      await alice.page.getByRole('alert').getByText('your own address').waitFor();
    });

    it('can be used with a keyboard, a screen reader, weak eyes and a phone', async () => {
      const [alice, bob] = await Promise.all([
        arrive('alice', address(), { ...PHONE, colorScheme: 'dark' }),
        arrive('bob', address(), { colorScheme: 'light' }),
      ]);
      const check = async () => {
        for (const { page } of [alice, bob]) {
          expect(await accessibilityFaults(page)).toEqual([]);
          expect(await faintTexts(page)).toEqual([]);
        }
      };
      await Promise.all([alice, bob].map(({ page }) => page.getByText('STARTTLS').waitFor()));
      await check();
      expect(await isMarkedWithoutColours(bob.page, '.switch input:checked + span')).toBe(true);
      await Promise.all([alice.register(), bob.register()]);
      await bob.add(alice);
      await alice.page.getByText('wants to be your contact').waitFor();
      await check();
      await alice.page.getByRole('button', { name: 'Accept' }).focus();
      await alice.page.keyboard.press('Enter');
      await alice.contact(bob).focus();
      await alice.page.keyboard.press('Enter');
      await alice.write('by keyboard');
      await bob.open(alice);
      await bob.sees('by keyboard');
      expect(await isMarkedWithoutColours(bob.page, '.contact[aria-current="true"]')).toBe(true);
      await check();
      // On a phone the conversation takes the place of the list.
      expect(await alice.page.getByRole('navigation').isVisible()).toBe(false);
      await alice.page.getByRole('button', { name: 'Back' }).click();
      expect(await alice.page.getByRole('log').isVisible()).toBe(false);
      await alice.page.setViewportSize({ width: 320, height: 500 });
      await check();
    });
  });
}

/** Whether somebody sees which one it is whose system chooses all colours. */
async function isMarkedWithoutColours(page: Page, selector: string): Promise<boolean> {
  await page.emulateMedia({ forcedColors: 'active' });
  const outline = await page.locator(selector).evaluate((element) => getComputedStyle(element).outlineStyle);
  await page.emulateMedia({ forcedColors: 'none' });
  return outline === 'solid';
}
