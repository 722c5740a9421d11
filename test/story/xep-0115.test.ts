/** XEP-0115 and XEP-0390: what the server shows of itself, and what it learns of clients. */
import { createHash } from 'node:crypto';
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { onBothEngines } from '../support/story/both-engines.js';
import { withOptions } from '../support/story/options.js';
import { befriend, stories, teller } from '../support/story/story.js';

const INFO = 'http://jabber.org/protocol/disco#info';
const CAPS = 'http://jabber.org/protocol/caps';
const CAPS2 = 'urn:xmpp:caps';

function ask(actor: Actor, node?: string): Promise<Element> {
  return actor.asks(
    `<iq type='get' to='localhost'><query xmlns='${INFO}'${node === undefined ? '' : ` node='${node}'`}/></iq>`,
  );
}

function digest(algorithm: string, text: string): string {
  return createHash(algorithm).update(text).digest('base64');
}

function featuresOf(answer: Element): string[] {
  return (answer.getChild('query')?.getChildren('feature') ?? []).map(({ attrs }) => attrs['var']);
}

/** The first group of the pattern in what the stream's features said. */
function shown(actor: Actor, pattern: RegExp): string {
  const [, text] = pattern.exec(actor.client.text) ?? [];
  if (text === undefined) throw new Error(`no ${pattern} in ${actor.client.text}`);
  return text;
}

stories('XEP-0115', (story) => {
  story(
    'section 6.3: the features of a stream have the capabilities, and the hash is that of the answer',
    { alice: 1 },
    async ({ alice }) => {
      const c = shown(alice, /(<c xmlns='http:[^>]*>)/);
      const [node, ver] = [/node='([^']*)'/, /ver='([^']*)'/].map((pattern) => pattern.exec(c)?.[1] ?? '');
      expect(c).toContain("hash='sha-1'");
      const answer = await ask(alice, `${node}#${ver}`);
      expect(answer.getChild('query')?.attrs['node']).toBe(`${node}#${ver}`);
      const identity = answer.getChild('query')?.getChild('identity')?.attrs as Record<string, string>;
      const text = [`${identity['category']}/${identity['type']}//${identity['name']}`, ...featuresOf(answer).sort()];
      expect(digest('sha1', text.map((one) => `${one}<`).join(''))).toBe(ver);
      expect((await ask(alice, `${node}#other`)).getChild('error')?.getChild('item-not-found')).toBeDefined();
    },
  );

  story('section 7: the server says that it speaks it, and accounts do not', { alice: 1 }, async ({ alice }) => {
    expect(featuresOf(await ask(alice))).toEqual(expect.arrayContaining([CAPS, CAPS2]));
    const account = await alice.asks(`<iq type='get' to='${alice.bare}'><query xmlns='${INFO}'/></iq>`);
    expect(featuresOf(account)).toEqual(expect.arrayContaining([INFO]));
    expect(featuresOf(account)).not.toContain(CAPS);
  });
});

stories('XEP-0390', (story) => {
  story(
    'section 5.2: the features of a stream have the hash set, and each hash is that of the answer under its node',
    { alice: 1 },
    async ({ alice }) => {
      for (const algorithm of ['sha-256', 'sha3-256']) {
        const hash = shown(alice, new RegExp(`<hash xmlns='urn:xmpp:hashes:2' algo='${algorithm}'>([^<]*)<`));
        const answer = await ask(alice, `urn:xmpp:caps#${algorithm}.${hash}`);
        const identity = answer.getChild('query')?.getChild('identity')?.attrs as Record<string, string>;
        const features = featuresOf(answer)
          .sort()
          .map((name) => `${name}\x1f`);
        const text = `${features.join('')}\x1c${identity['category']}\x1f${identity['type']}\x1f\x1f${identity['name']}\x1f\x1e\x1c\x1c`;
        expect(digest(algorithm.replace('sha-', 'sha'), text)).toBe(hash);
      }
    },
  );
});

interface Client {
  readonly info: string;
  readonly ver: string;
  readonly hash: string;
}

/** A client that no other story has. */
function someClient(): Client {
  const name = Math.random().toString(36).slice(2);
  const features = [INFO, `urn:test:${name}+notify`];
  return {
    info: `<identity category='client' type='pc' name='${name}'/>${features.map((one) => `<feature var='${one}'/>`).join('')}`,
    ver: digest('sha1', [`client/pc//${name}`, ...features].map((one) => `${one}<`).join('')),
    hash: digest(
      'sha256',
      `${features.map((one) => `${one}\x1f`).join('')}\x1cclient\x1fpc\x1f\x1f${name}\x1f\x1e\x1c\x1c`,
    ),
  };
}

function v1({ ver }: Client): string {
  return `<c xmlns='${CAPS}' hash='sha-1' node='https://client.example' ver='${ver}'/>`;
}

function v2({ hash }: Client): string {
  return `<c xmlns='${CAPS2}'><hash xmlns='urn:xmpp:hashes:2' algo='sha-256'>${hash}</hash></c>`;
}

const QUESTION = `<iq type='get' from='localhost'><query xmlns='${INFO}' node='*'/></iq>`;

async function answersWith(actor: Actor, info: string): Promise<string> {
  const question = await actor.receives(QUESTION);
  const { id } = question.attrs;
  const node = question.getChild('query')?.attrs['node'];
  actor.send(`<iq type='result' id='${id}' to='localhost'><query xmlns='${INFO}' node='${node}'>${info}</query></iq>`);
  return node;
}

async function questionsTo(actor: Actor): Promise<number> {
  return (await actor.hasReceived()).filter((one) => one.is('iq') && one.getChild('query', INFO)).length;
}

stories('XEP-0115, clients', (story) => {
  story(
    'sections 5.4 and 6.2: a hash that is not known is asked for once, by its node, and then known',
    { alice: 3 },
    async ({ alice, alice2, alice3 }) => {
      const client = someClient();
      await alice.available(v1(client));
      expect(await answersWith(alice, client.info)).toBe(`https://client.example#${client.ver}`);
      await alice2.available(v1(client));
      await alice3.available(v1(client));
      await alice.available(v1(client));
      for (const actor of [alice, alice2, alice3]) expect(await questionsTo(actor)).toBe(0);
    },
  );

  story(
    'section 5.4: an answer of another hash is not kept, and the next one that shows the hash is asked',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      const client = someClient();
      await alice.available(v1(client));
      await alice2.available(v1(client));
      await answersWith(alice, `${client.info}<feature var='urn:test:forged'/>`);
      await answersWith(alice2, client.info);
      await alice.available(v1(client));
      expect(await questionsTo(alice)).toBe(0);
      expect(await questionsTo(alice2)).toBe(0);
    },
  );

  story(
    'section 9.3: nobody can answer in the place of the one who is asked',
    { alice: 2, mallory: 1 },
    async ({ alice, alice2, mallory }) => {
      const client = someClient();
      await alice.available(v1(client));
      const { id } = (await alice.receives(QUESTION)).attrs;
      for (const other of [alice2, mallory]) {
        other.send(`<iq type='result' id='${id}' to='localhost'><query xmlns='${INFO}'>${client.info}</query></iq>`);
        await other.hasReceived();
      }
      alice.send(`<iq type='error' id='${id}' to='localhost'><error type='cancel'/></iq>`);
      await alice2.available(v1(client));
      await answersWith(alice2, client.info);
    },
  );

  story('a result that is huge, or is no answer at all, harms nobody', { alice: 2 }, async ({ alice, alice2 }) => {
    const huge = Array.from({ length: 1_500 }, (_, number) => `<feature var='urn:${number}'/>`).join('');
    const client = someClient();
    await alice.available(v1(client));
    await answersWith(alice, huge);
    await alice.available(v1(someClient()));
    const { id } = (await alice.receives(QUESTION)).attrs;
    alice.send(`<iq type='result' id='${id}' to='localhost'/>`);
    await alice2.available(v1(client));
    await answersWith(alice2, client.info);
    expect(await questionsTo(alice)).toBe(0);
  });

  story('section 13: the format of versions before 1.4 is ignored', { alice: 1 }, async ({ alice }) => {
    await alice.available("<c xmlns='http://jabber.org/protocol/caps' node='https://client.example' ver='1.0'/>");
    expect(await questionsTo(alice)).toBe(0);
  });

  story(
    'section 6.1: contacts get the capabilities as they were sent',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      const client = someClient();
      await alice.available(v1(client) + v2(client));
      await bob.receives(`<presence from='${alice.jid}'>${v1(client)}${v2(client)}</presence>`);
    },
  );
});

stories('XEP-0390, clients', (story) => {
  story('section 5.5: is asked by a hash node when there is nothing else', { alice: 2 }, async ({ alice, alice2 }) => {
    const client = someClient();
    await alice.available(v2(client));
    expect(await answersWith(alice, client.info)).toBe(`urn:xmpp:caps#sha-256.${client.hash}`);
    await alice2.available(v2(client));
    expect(await questionsTo(alice2)).toBe(0);
  });

  story(
    'section 7.2: what the older hash has proved is asked for again where the newer one is another',
    { alice: 2 },
    async ({ alice, alice2 }) => {
      const [client, other] = [someClient(), someClient()];
      await alice.available(v1(client));
      await answersWith(alice, client.info);
      await alice2.available(v1(client) + v2(other));
      await answersWith(alice2, client.info);
    },
  );

  story('section 5.6: capabilities come before presence', { alice: 2 }, async ({ alice, alice2 }) => {
    const features = featuresOf(await ask(alice));
    expect(features).toContain('urn:xmpp:caps:gratuitous');
    const client = someClient();
    const answer = await alice.asks(`<iq type='set' to='localhost'>${v2(client)}</iq>`);
    expect(answer.attrs['type']).toBe('result');
    expect(answer.getChildElements()).toEqual([]);
    await answersWith(alice, client.info);
    await alice2.available(v2(client));
    expect(await questionsTo(alice2)).toBe(0);
    const empty = await alice.asks(`<iq type='set' to='localhost'><c xmlns='${CAPS2}'/></iq>`);
    expect(empty.getChild('error')?.getChild('bad-request')).toBeDefined();
  });
});

const hasty = withOptions('mod_caps', 'versions = ["v2"]', 'iq_response_timeout = 100', 'cache_size = 1');

onBothEngines('mod_caps, options', hasty, (server) => {
  const story = teller(server);
  story('versions: only what is listed is shown and asked for', { alice: 1 }, async ({ alice }) => {
    expect(alice.client.text).toContain(`<c xmlns='${CAPS2}'>`);
    expect(alice.client.text).not.toContain(CAPS);
    expect(featuresOf(await ask(alice))).not.toContain(CAPS);
    const client = someClient();
    await alice.available(v1(client));
    expect(await questionsTo(alice)).toBe(0);
    await alice.available(v1(client) + v2(client));
    expect(await answersWith(alice, client.info)).toBe(`urn:xmpp:caps#sha-256.${client.hash}`);
  });

  story('iq_response_timeout: who does not answer in time is passed over', { alice: 2 }, async ({ alice, alice2 }) => {
    const client = someClient();
    await alice.available(v2(client));
    await alice2.available(v2(client));
    await alice.receives(QUESTION);
    await answersWith(alice2, client.info);
  });

  story('cache_size: what was used longest ago is asked for again', { alice: 2 }, async ({ alice, alice2 }) => {
    const [first, second] = [someClient(), someClient()];
    await alice.available(v2(first));
    await answersWith(alice, first.info);
    await alice2.available(v2(second));
    await answersWith(alice2, second.info);
    await alice2.available(v2(first));
    await answersWith(alice2, first.info);
  });
});
