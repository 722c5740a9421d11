/** A person in a story: an account of its own, and a client that is logged in. */
import type { Element } from 'ltx';
import { plainMessage, ScramClient } from '../scram-client.js';
import { fits, pattern } from './markup.js';
import { RawClient, type RawClientOptions } from './raw-client.js';

export interface Credentials {
  readonly username: string;
  readonly domain: string;
  readonly password: string;
}

export class Actor {
  readonly client: RawClient;
  readonly username: string;
  readonly domain: string;
  readonly password: string;
  /** Full address. */
  readonly jid: string;
  #count = 0;

  private constructor(client: RawClient, credentials: Credentials, jid: string) {
    this.client = client;
    this.username = credentials.username;
    this.domain = credentials.domain;
    this.password = credentials.password;
    this.jid = jid;
  }

  get bare(): string {
    return `${this.username}@${this.domain}`;
  }

  get resource(): string {
    return this.jid.slice(this.bare.length + 1);
  }

  /** Makes the account by in-band registration and logs in; without presence. */
  static async join(port: number, credentials: Credentials, resource?: string): Promise<Actor> {
    await register(port, credentials);
    return Actor.login(port, credentials, resource);
  }

  static async login(
    port: number,
    credentials: Credentials,
    resource?: string,
    options?: RawClientOptions,
  ): Promise<Actor> {
    const client = await RawClient.connect(port, options);
    await client.open(credentials.domain);
    await authenticate(client, credentials);
    await client.open(credentials.domain);
    const jid = await bind(client, resource);
    return new Actor(client, credentials, jid);
  }

  /** Another session of the same account. */
  another(port: number, resource?: string): Promise<Actor> {
    return Actor.login(port, this, resource);
  }

  send(xml: string): void {
    this.client.send(xml);
  }

  /** Sends presence, and waits until the server has shown it back (RFC 6121 section 4.2.2). */
  async available(content = ''): Promise<void> {
    this.send(content === '' ? '<presence/>' : `<presence>${content}</presence>`);
    await this.receives(`<presence from='${this.jid}'/>`);
  }

  /** The first stanza, come or to come, that fits the markup. */
  receives(markup: string): Promise<Element> {
    const wanted = pattern(markup);
    return this.client
      .next((element) => fits(element, wanted))
      .catch((error: Error) => {
        throw new Error(`${this.jid} expected ${markup}: ${error.message}`);
      });
  }

  /** Sends a request with an id of its own and returns the answer, result or error. */
  async asks(xml: string): Promise<Element> {
    const id = `ask-${this.#count++}-${Math.random().toString(36).slice(2)}`;
    this.send(xml.replace('<iq ', `<iq id='${id}' `));
    return this.client.next(
      (element) =>
        element.is('iq') && element.attrs['id'] === id && ['result', 'error'].includes(element.attrs['type']),
    );
  }

  /**
   * Everything that came unasked until now. `peer` sends a message that must arrive last, so that what was under way from it has
   * arrived before; without a peer the own server is asked.
   */
  async hasReceived(peer: Actor = this): Promise<Element[]> {
    const mark = `mark-${Math.random().toString(36).slice(2)}`;
    peer.send(`<message to='${this.jid}' type='headline' id='${mark}'><body>mark</body></message>`);
    await this.client.next((element) => element.attrs['id'] === mark);
    await this.asks("<iq type='get' to='localhost'><ping xmlns='urn:xmpp:ping'/></iq>");
    return this.client.takeAll();
  }

  /** Ends the stream in order. */
  async leave(): Promise<void> {
    this.send('</stream:stream>');
    await this.client.closed();
  }

  vanish(): void {
    this.client.destroy();
  }
}

export async function register(port: number, { username, domain, password }: Credentials): Promise<Element> {
  const client = await RawClient.connect(port);
  await client.open(domain);
  client.send(
    `<iq type='set' id='reg'><query xmlns='jabber:iq:register'><username>${username}</username><password>${password}</password></query></iq>`,
  );
  const answer = await client.next((element) => element.attrs['id'] === 'reg');
  client.destroy();
  return answer;
}

/** Logs in by the strongest mechanism offered; throws when the server refuses. */
export async function authenticate(
  client: RawClient,
  { username, password }: Credentials,
  mechanism = 'SCRAM-SHA-256',
): Promise<void> {
  const ns = 'urn:ietf:params:xml:ns:xmpp-sasl';
  const outcome = () => client.next((element) => element.getNS() === ns);
  if (mechanism === 'PLAIN') {
    client.send(`<auth xmlns='${ns}' mechanism='PLAIN'>${plainMessage(username, password).toString('base64')}</auth>`);
    return succeed(await outcome());
  }
  const scram = new ScramClient({ mechanism, username, password });
  client.send(`<auth xmlns='${ns}' mechanism='${mechanism}'>${scram.first().toString('base64')}</auth>`);
  const challenge = await outcome();
  if (!challenge.is('challenge')) return succeed(challenge);
  client.send(
    `<response xmlns='${ns}'>${scram.final(Buffer.from(challenge.getText(), 'base64')).toString('base64')}</response>`,
  );
  const success = await outcome();
  succeed(success);
  if (!scram.verify(Buffer.from(success.getText(), 'base64'))) throw new Error('the server does not know the password');
}

function succeed(element: Element): void {
  if (!element.is('success')) throw new Error(`login refused: ${element}`);
}

/** Binds a resource, the server's choice unless given; returns the full address. */
export async function bind(client: RawClient, resource?: string): Promise<string> {
  const wish = resource === undefined ? '' : `<resource>${resource}</resource>`;
  client.send(`<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind></iq>`);
  const answer = await client.next((element) => element.attrs['id'] === 'bind');
  const jid = answer.getChild('bind')?.getChildText('jid');
  if (!jid) throw new Error(`binding refused: ${answer}`);
  return jid;
}
