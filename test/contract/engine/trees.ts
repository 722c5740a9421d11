/** Contract of engines: elements as trees. */
import { describe, expect, test } from 'vitest';
import { eventKind } from '../../../src/engine/envelope.js';
import type { Element } from '../../../src/protocol/element.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { type CreateEngine, HEADER, step } from '../../support/engine/harness.js';
import { Scene } from '../../support/engine/scene.js';

export function treeContract(create: CreateEngine): void {
  describe('trees', () => {
    const scene = new Scene(create);

    /** The trees of what a client sends. */
    async function trees(input: string, count: number): Promise<Element[]> {
      const found: Element[] = [];
      const shard = await scene.shard((told, engine) => {
        if (told.kind === eventKind.STREAM_OPENED || told.kind === eventKind.ELEMENT)
          found.push(engine.tree(told.envelope));
        step(told, engine);
      });
      const client = await scene.client(await shard.listen());
      client.send(input);
      await shard.until(() => found.length === count);
      return found;
    }

    test('tree: a header without children, its default namespace as the attribute xmlns', async () => {
      const [header] = await trees(HEADER, 1);
      expect(header?.is('stream', ns.STREAM)).toBe(true);
      expect(header?.attrs).toEqual({ to: 'localhost', version: '1.0', xmlns: 'jabber:client' });
      expect(header?.children).toEqual([]);
      const [bare] = await trees("<s:stream xmlns:s='http://etherx.jabber.org/streams' id='&lt;'>", 1);
      expect(bare?.attrs).toEqual({ id: '<' });
    });

    test('tree: namespaces are resolved, those of the header too', async () => {
      const [, stanza, prefixed] = await trees(
        `${HEADER}<message to='a'><x xmlns='u:x' xmlns:p='u:p'><p:y/><z xmlns=''/></x><w/></message><stream:error><p/></stream:error>`,
        3,
      );
      expect(stanza?.is('message', ns.CLIENT)).toBe(true);
      const x = stanza?.child('x', 'u:x');
      expect(x?.attrs).toEqual({});
      expect(x?.elements().map((each) => [each.name, each.ns])).toEqual([
        ['y', 'u:p'],
        ['z', ''],
      ]);
      expect(stanza?.child('w', ns.CLIENT)).toBeDefined();
      expect(prefixed?.is('error', ns.STREAM)).toBe(true);
      expect(prefixed?.child('p', ns.CLIENT)).toBeDefined();
    });

    test('tree: references, CDATA and white space of text, line ends as XML section 2.11 has them', async () => {
      const [, stanza] = await trees(
        `${HEADER}<message><body> a&lt;&#x41;&#66;<![CDATA[<b>&amp;]]]]>&amp;\r\nc\rd </body>\n<e\n></e\n></message>`,
        2,
      );
      expect(stanza?.childText('body')).toBe(' a<AB<b>&amp;]]&\nc\nd ');
      expect(stanza?.text()).toBe('\n');
      expect(stanza?.child('e')?.children).toEqual([]);
    });

    test('tree: attribute values are normalized, xml:lang and other prefixes kept', async () => {
      const [, stanza] = await trees(
        `${HEADER}<iq id='a\tb\r\nc&#10;d&apos;' xml:lang='de' xmlns:p='u:p' p:q="'"/>`,
        2,
      );
      expect(stanza?.attrs).toEqual({ id: "a b c\nd'", 'xml:lang': 'de', 'xmlns:p': 'u:p', 'p:q': "'" });
    });

    test('tree: an attribute may have any name, and is nothing but an attribute', async () => {
      const markup = `<iq id='1' __proto__='p' constructor='c'><x xmlns='u:x' __proto__='q' hasOwnProperty='h'/></iq>`;
      const [, stanza] = await trees(`${HEADER}${markup}`, 2);
      for (const one of [stanza, stanza?.clone()]) {
        expect(Object.entries(one?.attrs ?? {})).toEqual([
          ['id', '1'],
          ['__proto__', 'p'],
          ['constructor', 'c'],
        ]);
        expect(one?.toXml(ns.CLIENT)).toBe(markup);
        expect(Object.getPrototypeOf(one?.attrs)).toBe(Object.prototype);
      }
    });

    test('parse: one whole element, jabber:client around it', async () => {
      const { engine } = await scene.shard();
      const parsed = engine.parse(" <message to='a'><body>hi &amp; ü</body></message>\n");
      expect(parsed?.is('message', ns.CLIENT)).toBe(true);
      expect(parsed?.childText('body')).toBe('hi & ü');
      expect(engine.parse(Buffer.from("<x xmlns='u'/>"))?.ns).toBe('u');
    });

    test.each([
      ['nothing', ''],
      ['half an element', '<a>'],
      ['two elements', '<a/><b/>'],
      ['text behind it', '<a/>x'],
      ['an undeclared prefix', '<stream:a/>'],
      ['a comment', '<a><!-- --></a>'],
      ['an entity', '<a>&x;</a>'],
      ['an XML declaration', "<?xml version='1.0'?><a/>"],
      ['a bad end tag', '<a></b>'],
      ['a control character', '<a>\u0002</a>'],
    ])('parse: undefined for %s', async (_, xml) => {
      const { engine } = await scene.shard();
      expect(engine.parse(xml)).toBeUndefined();
    });

    test('parse: elements inside one another up to a depth that a tree can be walked in', async () => {
      const { engine } = await scene.shard();
      const nested = (depth: number): string => `${'<a>'.repeat(depth - 1)}<a/>${'</a>'.repeat(depth - 1)}`;
      expect(engine.parse(nested(1024))?.toXml()).toContain(nested(1024).slice(3));
      expect(engine.parse(nested(1025))).toBeUndefined();
      expect(engine.parse(nested(200_000))).toBeUndefined();
    });

    test('parse: an element of many hundred kilobytes, text beyond ASCII throughout', async () => {
      const { engine } = await scene.shard();
      const parts = Array.from({ length: 6 }, (_, part) => `<é id='${part}'>${'€😀x'.repeat(20_000 + part)}</é\n>`);
      const element = engine.parse(`<message>${parts.join('')}<body>${'ü'.repeat(400_000)}</body></message>`);
      const lengths = element?.childrenNamed('é').map((each) => each.text().length);
      expect(lengths).toEqual([0, 1, 2, 3, 4, 5].map((part) => 4 * (20_000 + part)));
      expect(element?.childText('body') === 'ü'.repeat(400_000)).toBe(true);
    });

    test('parse: what Element writes, it reads', async () => {
      const { engine } = await scene.shard();
      const xml =
        "<message xmlns='jabber:client' to='a&apos;&lt;'><body>&amp;&gt;\u{1f600}</body><x xmlns='u'><y/></x></message>";
      expect(engine.parse(xml)?.toXml()).toBe(xml);
    });
  });
}
