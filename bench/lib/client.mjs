/** A client that can do just enough XMPP to be measured against: log in without an account, then hand over its socket. */
import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { BoshSocket } from './bosh-socket.mjs';
import { upgraded } from './web-socket.mjs';

const HEADER =
  "<?xml version='1.0'?><stream:stream to='localhost' version='1.0' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'>";
const OPEN = "<open xmlns='urn:ietf:params:xml:ns:xmpp-framing' to='localhost' version='1.0'/>";
const AUTH = "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='ANONYMOUS'>=</auth>";
const PATIENCE_MS = 20_000;
const BIND = "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'/></iq>";

export async function connect({ port, tls, localAddress, webSocket, bosh }) {
  const target = { port, host: '127.0.0.1', localAddress, noDelay: true };
  const socket = tls ? connectTls({ ...target, rejectUnauthorized: false }) : connectTcp(target);
  await once(socket, tls ? 'secureConnect' : 'connect');
  if (bosh) return new BoshSocket(socket);
  return webSocket ? upgraded(socket) : socket;
}

/** Opens the stream and reads the features, no more. */
export function open(socket) {
  if (socket.isBosh) return ask(socket, undefined, '</stream:features>');
  return ask(socket, socket.isFramed ? OPEN : HEADER, '</stream:features>');
}

/** Returns the full JID that the server has given. */
export async function login(socket) {
  await open(socket);
  await ask(socket, AUTH, '<success');
  await open(socket);
  const bound = await ask(socket, BIND, '</iq>');
  const jid = /<jid>([^<]+)<\/jid>/.exec(bound)?.[1];
  if (jid === undefined) throw new Error(`binding was answered with ${bound}`);
  return jid;
}

/** Becomes available; the server tells every available session of the account, this one too. */
export function becomeAvailable(socket) {
  return ask(socket, '<presence/>', '<presence');
}

/** Writes, or opens a stream over BOSH, and reads until this text has come. */
export function ask(socket, text, expected) {
  return new Promise((resolve, reject) => {
    let received = '';
    const settle = (error) => {
      clearTimeout(timer);
      socket.off('data', read).off('close', closed).off('error', closed).pause();
      if (error) reject(error);
      else resolve(received);
    };
    const read = (data) => {
      received += data.toString('latin1');
      if (received.includes(expected)) settle();
    };
    const closed = (error) =>
      settle(new Error(`${expected} did not come: ${error || 'closed'}; what came: ${received}`));
    const timer = setTimeout(closed, PATIENCE_MS, 'no answer in time');
    socket.on('data', read).on('close', closed).on('error', closed).resume();
    if (text === undefined) socket.open();
    else socket.write(text);
  });
}
