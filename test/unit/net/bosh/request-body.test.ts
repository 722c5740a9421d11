import { afterAll, describe, expect, it } from 'vitest';
import { createPortableEngine } from '../../../../src/engine/portable/portable-engine.js';
import { type Incoming, readBody } from '../../../../src/net/bosh/request-body.js';

const engine = await createPortableEngine({ shard: 0, shards: 1, group: 'bodies', children: [], onBatch: () => {} });
afterAll(() => engine.stop());

const NS = "xmlns='http://jabber.org/protocol/httpbind'";
const read = (text: string) => readBody(Buffer.from(text), (xml) => engine.parse(xml));
const payloadOf = (incoming: Incoming | undefined) =>
  incoming && Buffer.from(('sid' in incoming ? incoming : incoming.creation).request.payload).toString();

describe('the body of a request', () => {
  it('XEP-0124 section 7.1: asks for a session', () => {
    const incoming = read(
      `<body ${NS} rid='7' to='localhost' from='me@localhost' ver='1.6' wait='60' hold='2' ack='1' content='text/html'
        xml:lang='de' newkey='abc' x:version='1.0' xmlns:x='urn:xmpp:xbosh'/>`,
    );
    expect(incoming).toMatchObject({
      creation: {
        to: 'localhost',
        wait: 60,
        hold: 2,
        version: [1, 6],
        clientAcks: true,
        content: 'text/html',
        request: {
          rid: 7,
          newKey: 'abc',
          restart: { to: 'localhost', from: 'me@localhost', lang: 'de', version: '1.0' },
        },
      },
    });
  });

  it('gives what stands between the tags as it is', () => {
    const payload = "<message to='a'><body>&lt;/body> ><![CDATA[x]]></body></message>\n<presence/>";
    const text = `\uFEFF<?xml version='1.0'?>\n<body ${NS} rid='8' sid="it's">${payload}</body> \n`;
    const incoming = read(text);
    expect(incoming).toMatchObject({ sid: "it's", request: { rid: 8, isTerminating: false, restart: undefined } });
    expect(payloadOf(incoming)).toBe(payload);
  });

  it('takes a prefix of its own, white space for nothing, and `>` in attributes', () => {
    expect(
      payloadOf(read(`<b:body xmlns:b='http://jabber.org/protocol/httpbind' rid='1' sid='a>b'> <a/></b:body >`)),
    ).toBe('<a/>');
    expect(payloadOf(read(`<body ${NS} rid='1' sid='s'> \n </body>`))).toBe('');
  });

  it('XEP-0124 sections 10 and 13, XEP-0206 section 5: pauses, ends, restarts', () => {
    expect(read(`<body ${NS} rid='1' sid='s' pause='60' ack='5'/>`)).toMatchObject({
      request: { pauseMs: 60_000, ack: 5 },
    });
    expect(read(`<body ${NS} rid='1' sid='s' type='terminate'/>`)).toMatchObject({ request: { isTerminating: true } });
    expect(
      read(`<body ${NS} rid='1' sid='s' to='localhost' xmpp:restart='true' xmlns:xmpp='urn:xmpp:xbosh'/>`),
    ).toMatchObject({ request: { restart: { to: 'localhost' } } });
  });

  it.each([
    ['nothing', ''],
    ['no XML', 'rid=1'],
    ['another element', `<head ${NS} rid='1'/>`],
    ['another namespace', "<body xmlns='jabber:client' rid='1' sid='s'/>"],
    ['no number', `<body ${NS} sid='s'/>`],
    ['a number below one', `<body ${NS} sid='s' rid='0'/>`],
    ['a number beyond 2^53', `<body ${NS} sid='s' rid='9007199254740993'/>`],
    ['a number that is none', `<body ${NS} sid='s' rid='1e3'/>`],
    ['an unknown type', `<body ${NS} sid='s' rid='1' type='more'/>`],
    ['an unbound prefix', `<body ${NS} sid='s' rid='1' x:y='1'/>`],
    ['something behind it', `<body ${NS} sid='s' rid='1'/><a/>`],
    ['something behind its end', `<body ${NS} sid='s' rid='1'><a/></body><a/>`],
    ['another end', `<body ${NS} sid='s' rid='1'><a/></bodies>`],
    ['no end', `<body ${NS} sid='s' rid='1'><a/>`],
    ['no end of its tag', `<body ${NS} sid='s' rid='1'`],
    ['a comment in front', `<!-- a --><body ${NS} sid='s' rid='1'/>`],
    ['a document type', `<!DOCTYPE body><body ${NS} sid='s' rid='1'/>`],
    ['a type of content that adds fields', `<body ${NS} rid='1' to='localhost' content='text/html&#10;x: y'/>`],
    ['a version that is none', `<body ${NS} rid='1' to='localhost' ver='one'/>`],
  ])('is refused: %s', (_, text) => {
    expect(read(text)).toBeUndefined();
  });
});
