/** Elements, addresses and web addresses as the chat client reads and writes them. */
import { expect, it } from 'vitest';
import { piecesOf } from '../../../web/ui/links.js';
import { bareOf, localOf, resourceOf, typedAddress } from '../../../web/xmpp/jid.js';
import { xml } from '../../../web/xmpp/xml.js';
import { parseXml } from '../../support/web/page.js';

it('a namespace is declared where it changes, and nowhere else', () => {
  const message = xml(
    'message',
    'jabber:client',
    { to: 'a@b' },
    xml('body', 'jabber:client', {}, 'hi'),
    xml('x', 'urn:y'),
  );
  expect(message.write()).toBe('<message xmlns="jabber:client" to="a@b"><body>hi</body><x xmlns="urn:y"/></message>');
});

it.each(['<b>&"\' ]]>', 'a\r\nb\tc', '\u{1F600} e\u0301'])('%j comes through writing and parsing as it was', (text) => {
  const read = parseXml(xml('a', 'urn:x', { b: text }, text).write());
  expect([read.text, read.attrs['b']]).toEqual([text, text]);
});

it('XML 1.0 section 2.2: what has no place in XML is left out', () => {
  expect(parseXml(xml('a', 'urn:x', {}, 'a\u0000\u0008b\uD800c\uFFFEd').write()).text).toBe('abcd');
});

it('prefixes are understood, and comments ignored', () => {
  const read = parseXml(
    "<s:f xmlns:s='urn:s' xml:lang='de'><!-- x --><s:g/><h xmlns='urn:h'>t<![CDATA[<u>]]></h></s:f>",
  );
  expect(read.is('f', 'urn:s')).toBe(true);
  expect(read.attrs).toEqual({ 'xml:lang': 'de' });
  expect(read.child('g')).toBeDefined();
  expect(read.childText('h', 'urn:h')).toBe('t<u>');
  expect(read.child('h')).toBeUndefined();
});

it('addresses are taken apart', () => {
  expect([bareOf('a@b/c/d@e'), resourceOf('a@b/c/d@e'), localOf('a@b/c'), localOf('b')]).toEqual([
    'a@b',
    'c/d@e',
    'a',
    '',
  ]);
});

it.each([
  ['Alice', 'alice@localhost'],
  [' xmpp:Bob@Example.ORG. ', 'bob@example.org'],
  ['jürgen', 'jürgen@localhost'],
  ['ju\u0308rgen', 'jürgen@localhost'],
])('%j is the address %s', (text, address) => {
  expect(typedAddress(text, 'localhost')).toBe(address);
});

it.each(['', '  ', 'a b', 'a/b', '@b', 'a@', 'a@b/c', '<a>@b', `${'x'.repeat(1024)}@b`])('%j is no address', (text) => {
  expect(typedAddress(text, 'localhost')).toBeUndefined();
});

it('a web address is found, without what ends the sentence, and nothing else becomes a link', () => {
  expect(piecesOf('See (https://a.example/b?c=d). Not javascript:alert(1) or HTTPS://x')).toEqual([
    { text: 'See (', href: undefined },
    { text: 'https://a.example/b?c=d', href: 'https://a.example/b?c=d' },
    { text: '). Not javascript:alert(1) or ', href: undefined },
    { text: 'HTTPS://x', href: 'https://x/' },
  ]);
  for (const text of ['http://', 'data:text/html,<b>', 'https://<script>', 'plain', '']) {
    expect(
      piecesOf(text)
        .map((piece) => piece.text)
        .join(''),
    ).toBe(text);
    expect(piecesOf(text).some(({ href }) => href !== undefined)).toBe(false);
  }
});
