/** strophe.js over BOSH. */
import { $iq, $msg, $pres, Strophe } from 'strophe.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { FetchedRequest } from '../support/clients/xml-http-request.js';
import { register } from '../support/story/actor.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';

const rest = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mongoose_bosh_handler]]
    host = "_"
    path = "/http-bind"
`;
// strophe.js refuses fewer.
const config = (engine: Engine) =>
  ownConfig({ engine, shards: 3, rest }).replace('scram_iterations = 1000', 'scram_iterations = 4096');

Strophe.setLogLevel(Strophe.LogLevel.FATAL);
const browser = globalThis as { XMLHttpRequest?: unknown };
const before = browser.XMLHttpRequest;
beforeAll(() => {
  browser.XMLHttpRequest = FetchedRequest;
});
afterAll(() => {
  browser.XMLHttpRequest = before;
});

class Person {
  readonly connection: InstanceType<typeof Strophe.Connection>;
  readonly bodies: string[] = [];
  status = -1;

  constructor(url: string) {
    this.connection = new Strophe.Connection(url);
  }

  connect(username: string, password: string): void {
    this.connection.connect(`${username}@localhost`, password, (status: number) => {
      this.status = status;
    });
  }

  async arrive(username: string): Promise<this> {
    this.connect(username, 'secret');
    await this.reaches(Strophe.Status.CONNECTED);
    const take = (message: Element) => {
      this.bodies.push(message.getElementsByTagName('body')[0]?.textContent ?? '');
      return true;
    };
    this.connection.addHandler(take, '', 'message');
    this.connection.send($pres());
    return this;
  }

  reaches(status: number): Promise<void> {
    return eventually(() => this.status === status);
  }

  say(to: string, body: string): void {
    this.connection.send($msg({ to, type: 'chat' }).c('body').t(body));
  }

  async leave(): Promise<void> {
    this.connection.disconnect('done');
    await this.reaches(Strophe.Status.DISCONNECTED);
  }
}

onBothEngines('BOSH', config, (server) => {
  const url = () => `http://127.0.0.1:${server().ports[1]}/http-bind`;
  const fresh = async () => {
    const username = `s-${Math.random().toString(36).slice(2)}`;
    await register(server().port, { username, domain: 'localhost', password: 'secret' });
    return username;
  };

  it('strophe.js logs in, asks for its roster, chats both ways, and leaves', async () => {
    const [alice, bob] = await Promise.all([
      new Person(url()).arrive(await fresh()),
      new Person(url()).arrive(await fresh()),
    ]);
    const texts = Array.from({ length: 20 }, (_, index) => `<${index}> & "ä"`);
    for (const text of texts) {
      alice.say(bob.connection.jid, text);
      bob.say(alice.connection.jid, text);
    }
    await eventually(() => alice.bodies.length === texts.length && bob.bodies.length === texts.length);
    expect(alice.bodies).toEqual(texts);
    expect(bob.bodies).toEqual(texts);
    const roster = await new Promise<Element>((resolve, reject) => {
      alice.connection.sendIQ($iq({ type: 'get' }).c('query', { xmlns: 'jabber:iq:roster' }), resolve, reject);
    });
    expect(roster.getElementsByTagName('query')).toHaveLength(1);
    await Promise.all([alice.leave(), bob.leave()]);
  });

  it('strophe.js is told that a password is wrong', async () => {
    const person = new Person(url());
    person.connect(await fresh(), 'wrong');
    await person.reaches(Strophe.Status.AUTHFAIL);
    person.connection.disconnect('');
  });
});
