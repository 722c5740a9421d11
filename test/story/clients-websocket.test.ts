/** Client libraries of others over WebSocket. */
import { client, xml } from '@xmpp/client';
import type { Element as LtxElement } from 'ltx';
import { createClient } from 'stanza';
import { $iq, $msg, $pres, Strophe } from 'strophe.js';
import { expect, it } from 'vitest';
import { register } from '../support/story/actor.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';

interface Person {
  readonly jid: string;
  readonly bodies: string[];
  say(to: string, body: string): void;
  /** Names of the contacts. */
  roster(): Promise<string[]>;
  /** Loses the connection without a word, and comes back as the same session; undefined where the library cannot. */
  readonly comeBack?: () => Promise<void>;
  leave(): Promise<void>;
}

interface Login {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

const LIBRARIES: Readonly<Record<string, (login: Login) => Promise<Person>>> = {
  'stanza.io': stanzaIo,
  '@xmpp/client': xmppJs,
  'strophe.js': strophe,
};

Strophe.setLogLevel(Strophe.LogLevel.FATAL);

const rest = `
[[listen.http]]
  port = PORT
  ip_address = "127.0.0.1"
  [[listen.http.handlers.mod_websockets]]
    host = "_"
    path = "/ws-xmpp"
    permessage_deflate = true
[modules.mod_stream_management]
`;
// strophe.js refuses fewer.
const config = (engine: Engine) =>
  ownConfig({ engine, shards: 4, rest }).replace('scram_iterations = 1000', 'scram_iterations = 4096');

onBothEngines('WebSocket', config, (server) => {
  const url = () => `ws://127.0.0.1:${server().ports[1]}/ws-xmpp`;
  const arrive = async (library: string) => {
    const credentials = fresh();
    await register(server().port, credentials);
    return (LIBRARIES[library] as (typeof LIBRARIES)[string])({ url: url(), ...credentials });
  };

  it.each(Object.keys(LIBRARIES))(
    '%s: logs in, asks for its roster, chats both ways, and comes back',
    async (library) => {
      const [alice, bob] = (await Promise.all([arrive(library), arrive(library)])) as [Person, Person];
      expect(await alice.roster()).toEqual([]);
      const chat = async (from: Person, to: Person, body: string) => {
        from.say(to.jid, body);
        await eventually(() => to.bodies.includes(body));
      };
      await chat(alice, bob, 'Art thou not Romeo, and a Montague?');
      await chat(bob, alice, 'Neither, fair saint, if either thee dislike. <3 & 🌹');
      if (bob.comeBack) {
        const { jid } = bob;
        await bob.comeBack();
        expect(bob.jid).toBe(jid);
        await chat(alice, bob, 'How camest thou hither, tell me, and wherefore?');
      }
      await Promise.all([alice.leave(), bob.leave()]);
    },
  );

  it.each(Object.keys(LIBRARIES))('%s: is told when its password is wrong', async (library) => {
    const credentials = fresh();
    await register(server().port, credentials);
    const login = LIBRARIES[library] as (typeof LIBRARIES)[string];
    await expect(login({ url: url(), ...credentials, password: 'wrong' })).rejects.toThrow(/not-authorized|auth/i);
  });
});

async function stanzaIo({ url, username, password }: Login): Promise<Person> {
  const xmpp = createClient({
    jid: `${username}@localhost`,
    password,
    transports: { websocket: url, bosh: false },
    autoReconnect: false,
  });
  const bodies: string[] = [];
  const { sm } = xmpp;
  xmpp.on('message', ({ body }) => void (body && bodies.push(body)));
  const started = () =>
    new Promise<void>((resolve, reject) => {
      xmpp.once('session:started', () => resolve());
      xmpp.once('stream:management:resumed', () => resolve());
      xmpp.once('auth:failed', () => reject(new Error('auth failed')));
      xmpp.once('disconnected', () => reject(new Error('disconnected')));
    });
  const first = started();
  xmpp.connect();
  await first;
  await xmpp.sendPresence();
  return {
    get jid() {
      return xmpp.jid;
    },
    bodies,
    say: (to, body) => void xmpp.sendMessage({ to, body, type: 'chat' }),
    roster: async () => (await xmpp.getRoster()).items.map(({ jid }) => jid),
    comeBack: async () => {
      await eventually(() => sm.id !== undefined);
      const gone = new Promise<void>((resolve) => xmpp.once('disconnected', () => resolve()));
      // biome-ignore lint/suspicious/noExplicitAny: the socket is nobody's business but this test's
      (xmpp.transport as any).socket.close();
      await gone;
      const again = started();
      xmpp.connect();
      await again;
    },
    leave: async () => {
      const gone = new Promise<void>((resolve) => xmpp.once('disconnected', () => resolve()));
      xmpp.disconnect();
      await gone;
    },
  };
}

async function xmppJs({ url, username, password }: Login): Promise<Person> {
  const xmpp = client({ service: url, domain: 'localhost', username, password });
  const bodies: string[] = [];
  xmpp.on('error', () => {});
  xmpp.on('stanza', (stanza: LtxElement) => {
    const body = stanza.getChildText('body');
    if (body !== null && body !== undefined) bodies.push(body);
  });
  try {
    await xmpp.start();
  } catch (error) {
    await xmpp.stop().catch(() => {});
    throw error;
  }
  await xmpp.send(xml('presence'));
  return {
    get jid() {
      return String(xmpp.jid);
    },
    bodies,
    say: (to, body) => void xmpp.send(xml('message', { type: 'chat', to }, xml('body', {}, body))),
    roster: async () => {
      const answer = await xmpp.iqCaller.get(xml('query', 'jabber:iq:roster'));
      return answer.getChildren('item').map(({ attrs }) => attrs['jid']);
    },
    leave: async () => void (await xmpp.stop()),
  };
}

async function strophe({ url, username, password }: Login): Promise<Person> {
  const connection = new Strophe.Connection(url);
  const bodies: string[] = [];
  const { Status } = Strophe;
  let ended = () => {};
  const gone = new Promise<void>((resolve) => {
    ended = resolve;
  });
  await new Promise<void>((resolve, reject) => {
    connection.connect(`${username}@localhost`, password, (status: number) => {
      if (status === Status.CONNECTED) resolve();
      if (status === Status.DISCONNECTED) ended();
      if (status === Status.AUTHFAIL || status === Status.CONNFAIL) {
        connection.disconnect('');
        reject(new Error(status === Status.AUTHFAIL ? 'not-authorized' : 'no connection'));
      }
    });
  });
  connection.addHandler(
    (message: Element) => {
      bodies.push(message.getElementsByTagName('body')[0]?.textContent ?? '');
      return true;
    },
    '',
    'message',
  );
  connection.send($pres());
  return {
    get jid() {
      return connection.jid;
    },
    bodies,
    say: (to, body) => connection.send($msg({ to, type: 'chat' }).c('body').t(body)),
    roster: () =>
      new Promise((resolve, reject) => {
        const request = $iq({ type: 'get' }).c('query', { xmlns: 'jabber:iq:roster' });
        const items = (answer: Element) => [...answer.getElementsByTagName('item')];
        connection.sendIQ(
          request,
          (answer: Element) => resolve(items(answer).map((item) => item.getAttribute('jid') ?? '')),
          reject,
        );
      }),
    leave: async () => {
      connection.disconnect('done');
      await gone;
    },
  };
}

function fresh() {
  return { username: `w-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
