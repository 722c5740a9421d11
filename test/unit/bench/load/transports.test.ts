import { once } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { upgraded } from '../../../../bench/lib/web-socket.mjs';
import { SaslError, startMechanism } from '../../../../bench/load/sasl.mjs';
import { proxyHeader } from '../../../../bench/load/transports/proxy-header.mjs';
import { partsOf, TextView, withNamespace } from '../../../../bench/load/transports/text-view.mjs';

describe('an element that came as text', () => {
  test('tells its kind and its addresses, whatever the quotes and whatever is inside', () => {
    const view = new TextView();
    view.at(`<message from="a@b/c" id='7' type='chat'><forwarded><message id='8'/></forwarded></message>`);
    expect(view).toMatchObject({ kind: 1, from: 'a@b/c', id: '7', type: 'chat' });
    view.at("<presence xmlns='jabber:client'><x id='1'/></presence>");
    expect(view).toMatchObject({ kind: 2, id: undefined, type: '' });
    expect(view.at("<iq id='1'/>").kind).toBe(3);
    expect(view.at("<messages id='1'/>").kind).toBe(0);
  });

  test('says its namespace where there is no stream header', () => {
    expect(withNamespace("<iq id='1'/>")).toBe("<iq xmlns='jabber:client' id='1'/>");
    expect(withNamespace('<presence/>')).toBe("<presence xmlns='jabber:client'/>");
    expect(withNamespace("<r xmlns='urn:xmpp:sm:3'/>")).toBe("<r xmlns='urn:xmpp:sm:3'/>");
  });

  test('a body is cut into its children', () => {
    const children = [`<a x='1 > 0'><a/><b>text</b></a>`, '<c/>', `<d y="/>"></d>`];
    const { head, children: found } = partsOf(`<body sid='s'>${children.join(' ')}</body>`);
    expect(head).toBe("<body sid='s'>");
    expect(found).toEqual(children);
    expect(partsOf("<body type='terminate'/>")).toEqual({ head: "<body type='terminate'/>", children: [] });
  });
});

describe('a WebSocket', () => {
  let server: WebSocketServer;
  const peers: WebSocket[] = [];
  beforeAll(async () => {
    server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'xmpp' });
    server.on('connection', (peer) => peers.push(peer.on('message', (data) => peer.send(data.toString()))));
    await once(server, 'listening');
  });
  afterAll(() => {
    for (const peer of peers) peer.terminate();
    server.close();
  });

  async function open() {
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
    await once(socket, 'connect');
    return upgraded(socket);
  }

  test.each([1, 125, 126, 65_535, 65_536, 200_000])('carries a message of %i bytes both ways', async (size) => {
    const client = await open();
    const text = 'ä'.repeat(size >> 1) + 'x'.repeat(size % 2);
    client.write(text);
    const [echo] = await once(client, 'data');
    expect(echo.toString()).toBe(text);
    client.destroy();
  });

  test('answers pings, and joins what comes in pieces', async () => {
    const client = await open();
    const peer = peers.at(-1) as WebSocket;
    const pong = once(peer, 'pong');
    peer.ping('you?');
    expect((await pong)[0].toString()).toBe('you?');
    peer.send('<mess', { fin: false });
    peer.send('age', { fin: false });
    peer.send('/>', { fin: true });
    expect((await once(client, 'data'))[0].toString()).toBe('<message/>');
    client.destroy();
  });
});

test('PROXY headers have the lengths and addresses of their versions', () => {
  expect(proxyHeader('v1', 258).toString()).toBe('PROXY TCP4 198.18.1.2 127.0.0.1 1282 5222\r\n');
  const second = proxyHeader('v2', 258);
  expect(second.subarray(12, 16)).toEqual(Buffer.from([0x21, 0x11, 0, 12]));
  expect([...second.subarray(16)]).toEqual([198, 18, 1, 2, 127, 0, 0, 1, 5, 2, 0x14, 0x66]);
});

describe('SCRAM', () => {
  const start = () => startMechanism('SCRAM-SHA-1', { username: 'user', password: 'pencil', keys: new Map() });
  const challenge = (first: string, more = 'x') => `r=${first.split('r=')[1]}${more},s=QSXCR+Q6sek8bf92,i=4096`;

  test('a server that does not know the password is not believed', async () => {
    const exchange = start();
    await exchange.answer(challenge(exchange.first));
    expect(() => exchange.finish('v=rmF9pqV8S7suAoZWja4dJRkFsKQ=')).toThrow(SaslError);
    expect(() => exchange.finish('')).toThrow(SaslError);
  });

  test.each([
    ['a nonce that is not ours', 'r=other,s=QSXCR+Q6sek8bf92,i=4096'],
    ['no iterations', 'r=other,s=QSXCR+Q6sek8bf92'],
  ])('%s is refused', async (_, text) => {
    await expect(start().answer(text)).rejects.toThrow(SaslError);
  });

  test('a nonce that the server has not made longer is refused', async () => {
    const exchange = start();
    await expect(exchange.answer(challenge(exchange.first, ''))).rejects.toThrow(SaslError);
  });
});
