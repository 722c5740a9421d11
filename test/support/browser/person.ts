/** Somebody at our chat page, who does what people do there. */
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { newPage } from './chromium.js';

export class Person {
  readonly page: Page;
  readonly name: string;

  private constructor(page: Page, name: string) {
    this.page = page;
    this.name = name;
  }

  /** At the page, but not logged in. Complaints of the browser go into the list. */
  static async arrive(
    browser: Browser,
    address: string,
    name: string,
    complaints: string[],
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const page = await newPage(browser, complaints, options);
    await page.goto(address);
    return new Person(page, name);
  }

  async enter(intent: 'New account' | 'Log in', password = 'correct horse'): Promise<void> {
    // The choice lies over its words.
    await this.page.getByRole('radio', { name: intent }).check();
    await this.page.getByLabel('Name', { exact: true }).fill(this.name);
    await this.page.getByLabel('Password').fill(password);
    await this.page.getByLabel('Password').press('Enter');
  }

  async register(): Promise<void> {
    await this.enter('New account');
    await this.page.getByRole('navigation', { name: 'Conversations' }).waitFor();
  }

  async logIn(): Promise<void> {
    await this.enter('Log in');
    await this.page.getByRole('navigation', { name: 'Conversations' }).waitFor();
  }

  async add(other: Person): Promise<void> {
    await this.page.getByLabel('Address of the new contact').fill(other.name);
    await this.page.getByLabel('Address of the new contact').press('Enter');
  }

  async accept(other: Person): Promise<void> {
    await this.page.getByRole('button', { name: `Accept ${other.name}@localhost` }).click();
  }

  async open(other: Person): Promise<void> {
    await this.contact(other).click();
  }

  contact(other: Person): Locator {
    return this.page.getByRole('list', { name: 'Contacts' }).getByRole('button', { name: other.name });
  }

  async write(text: string): Promise<void> {
    await this.page.getByLabel('Message', { exact: true }).fill(text);
    await this.page.getByLabel('Message', { exact: true }).press('Enter');
  }

  /** Waits for a message with exactly this text. */
  async sees(text: string): Promise<Locator> {
    const message = this.message(text);
    await message.first().waitFor();
    return message;
  }

  message(text: string): Locator {
    return this.page
      .getByRole('log')
      .getByRole('listitem')
      .filter({ has: this.page.getByText(text, { exact: true }) });
  }

  /** The texts of all messages, in their order. */
  messages(): Promise<string[]> {
    return this.page.locator('#messages .body').allTextContents();
  }
}
