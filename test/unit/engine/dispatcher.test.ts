/** The text of a stanza in the arena is what the engine delivers, on both engines. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import type { Connection, ConnectionHandler } from '../../../src/engine/connection.js';
import { Dispatcher } from '../../../src/engine/dispatcher.js';
import { proceed } from '../../../src/engine/port.js';
import { createPortableEngine } from '../../../src/engine/portable/portable-engine.js';
import { Jid } from '../../../src/protocol/jid.js';
import type { Stanza } from '../../../src/protocol/stanza.js';
import { childPatterns } from '../../../src/protocol/stanza-children.js';
import { type CreateEngine, HEADER, LISTEN } from '../../support/engine/harness.js';
import { createNative } from './native-kit.js';

const romeo = Jid.parse("roméo@montague.example/l'orchard") as Jid;

const SENT = [
  "<message to='juliet@capulet.example'><body>hi</body></message>",
  '<message from="roméo@montague.example" to="x@y" id=">"><body>é😀</body></message >',
  '<presence/>',
  "<presence xml:lang='fr' from='roméo@montague.example' />",
  "<iq type='get' id='é' from=\"roméo@montague.example\"><q xmlns='urn:q' a='&lt;'/></iq>",
  "<message xmlns='jabber:client'><![CDATA[</message>]]></message>",
];

/** Sends every stanza back in the two ways, and keeps its text until its batch is over. */
class Echo {
  readonly kept: Stanza[] = [];
  readonly #connection: Connection;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  streamOpened(): void {
    this.#connection.identify(romeo);
    this.#connection.proceed(proceed.STREAM);
  }

  stanza(stanza: Stanza): void {
    this.#connection.write('(');
    this.#connection.deliver(stanza);
    this.#connection.write('|');
    this.#connection.write(stanza.toXml());
    this.#connection.write(')');
    this.kept.push(stanza.keep());
  }
}

test.each([
  ['native', createNative],
  ['portable', createPortableEngine],
] as const)('%s: delivered and written out, a stanza is the same', async (_, create: CreateEngine) => {
  let echo: Echo | undefined;
  const dispatcher = new Dispatcher({
    connected(connection) {
      echo = new Echo(connection);
      return new Proxy(echo, {
        get: (target, name) => (name in target ? Reflect.get(target, name).bind(target) : () => {}),
      }) as unknown as ConnectionHandler;
    },
    arrived: fail,
    routed: fail,
    called: fail,
    refused: fail,
    crashed: (error) => {
      throw error;
    },
  });
  const options = { shard: 0, shards: 1, group: `text-${process.hrtime.bigint()}`, children: childPatterns };
  const engine = await create({ ...options, onBatch: dispatcher.dispatch });
  dispatcher.attach(engine);
  try {
    const { port } = await engine.listen(LISTEN);
    const client = connect(port, '127.0.0.1');
    client.write(HEADER + SENT.join(''));
    let received = '';
    client.on('data', (bytes) => {
      received += bytes;
    });
    while (received.split(')').length <= SENT.length) await once(client, 'data');
    const pairs = received.slice(1, -1).split(')(');
    expect(pairs).toHaveLength(SENT.length);
    for (const [index, pair] of pairs.entries()) {
      const [delivered, written] = pair.split('|');
      expect(written).toBe(delivered);
      expect(written).toContain("from='roméo@montague.example/l&apos;orchard'");
      // Behind the batch, too, and read again it says the same.
      const kept = echo?.kept[index] as Stanza;
      expect(kept.isInArena).toBe(false);
      expect(kept.toXml()).toBe(delivered);
      expect(kept.tree().attrs['from']).toBe(romeo.toString());
    }
    client.destroy();
  } finally {
    engine.stop();
  }
});

test.each([
  ['native', createNative],
  ['portable', createPortableEngine],
] as const)(
  '%s: one who begins a connection hears when it stands, and how it ends',
  async (_, create: CreateEngine) => {
    const heard: string[] = [];
    const listener = (name: string): ConnectionHandler =>
      new Proxy({} as ConnectionHandler, { get: (_target, event) => () => heard.push(`${name} ${String(event)}`) });
    const inbox = { arrived: fail, routed: fail, called: fail, refused: fail, crashed: fail };
    const dispatcher = new Dispatcher({ ...inbox, connected: () => listener('theirs') });
    const options = { shard: 0, shards: 1, group: `begin-${process.hrtime.bigint()}`, children: childPatterns };
    const engine = await create({ ...options, onBatch: dispatcher.dispatch });
    dispatcher.attach(engine);
    try {
      const { port } = await engine.listen(LISTEN);
      const request = { localAddress: undefined, directTls: undefined, preamble: undefined, deadlineMs: 0 };
      const connection = dispatcher.connect({ ...LISTEN, ...request, port }, () => listener('ours'));
      connection.write(HEADER);
      while (!heard.includes('theirs streamOpened')) await new Promise((resolve) => setTimeout(resolve, 5));
      connection.abort();
      while (!heard.includes('ours closed')) await new Promise((resolve) => setTimeout(resolve, 5));
      expect(heard.filter((each) => each.startsWith('ours'))).toEqual(['ours connected', 'ours closed']);
    } finally {
      engine.stop();
    }
  },
);

function fail(): never {
  throw new Error('not expected');
}
