/** A Chromium for the tests of a file, if there is one. */
import { existsSync } from 'node:fs';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const PLACES = [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
const program = PLACES.find((path) => path !== undefined && existsSync(path));
/** On a machine that does other things at the same time. */
const PATIENCE_MS = 40_000;

export const noBrowser = program === undefined;
export const browserSkip = program ? '' : ' (skipped: there is no Chromium: apt-get install chromium)';

export function launchBrowser(): Promise<Browser> {
  // A container may have neither the right to make namespaces nor enough shared memory.
  return chromium.launch({ executablePath: program as string, args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page of its own, as of somebody else, and what its console complains about. */
export async function newPage(
  browser: Browser,
  complaints: string[],
  options: BrowserContextOptions = {},
): Promise<Page> {
  const context = await browser.newContext({ locale: 'en-GB', ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => complaints.push(`a dialog: ${dialog.message()}`));
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text());
  });
  return page;
}
