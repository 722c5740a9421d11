/** What a client does until it has a session: TLS, SASL, binding; and the making of its account. */
import { chooseMechanism, SaslError, startMechanism } from './sasl.mjs';

const SASL = "xmlns='urn:ietf:params:xml:ns:xmpp-sasl'";
const REGISTER = 'http://jabber.org/features/iq-register';

export class LoginError extends Error {}

/** Opens the stream, under TLS where that is asked for. Returns the features. */
export async function openStream(link, { startTls }) {
  link.openStream();
  let features = await readFeatures(link);
  if (!startTls) return features;
  if (!features.includes('<starttls')) throw new LoginError('the server offers no STARTTLS');
  link.send("<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>");
  const answer = await link.read();
  if (!answer.startsWith('<proceed')) throw new LoginError(`the server refuses STARTTLS: ${answer}`);
  await link.startTls();
  features = await readFeatures(link);
  return features;
}

/** Returns the features that come behind it. `identity` has username, password, keys. */
export async function authenticate(link, features, wanted, identity) {
  const mechanism = chooseMechanism(mechanismsOf(features), wanted);
  const exchange = startMechanism(mechanism, identity);
  link.send(`<auth ${SASL} mechanism='${mechanism}'>${encoded(exchange.first)}</auth>`);
  let answer = await link.read();
  while (answer.startsWith('<challenge')) {
    link.send(`<response ${SASL}>${encoded(await exchange.answer(decoded(answer)))}</response>`);
    answer = await link.read();
  }
  if (!answer.startsWith('<success'))
    throw new SaslError(`${mechanism} as ${identity.username}: ${conditionOf(answer)}`);
  exchange.finish(decoded(answer));
  link.restart();
  return readFeatures(link);
}

export function mechanismsOf(features) {
  return [...features.matchAll(/<mechanism[^>]*>([^<]+)<\/mechanism>/g)].map(([, name]) => name);
}

/** Returns the full JID. */
export async function bind(link, features, resource) {
  const wish = resource === undefined ? '' : `<resource>${resource}</resource>`;
  const request = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'>${wish}</bind>`;
  const bound = await askInTurn(link, `<iq type='set' id='bind'>${request}</iq>`);
  const jid = /<jid>([^<]+)<\/jid>/.exec(bound)?.[1];
  if (jid === undefined) throw new LoginError(`binding was answered with ${bound}`);
  const session = /<session[ /][^>]*?(\/>|>.*?<\/session>)/s.exec(features)?.[0];
  if (session !== undefined && !session.includes('optional')) {
    const answer = await askInTurn(
      link,
      "<iq type='set' id='session'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>",
    );
    if (!/^<iq[^>]*type=['"]result/.test(answer)) throw new LoginError(`the session was refused: ${answer}`);
  }
  return jid;
}

/** XEP-0077 section 3.1. An account that is there already is as good. Returns `made`, `there`, or `later` for one to be tried again. */
export async function register(link, features, { username, password }) {
  if (!features.includes(REGISTER)) throw new LoginError('the server offers no registration of accounts (XEP-0077)');
  const fields = `<username>${username}</username><password>${password}</password>`;
  const answer = await askInTurn(
    link,
    `<iq type='set' id='register'><query xmlns='jabber:iq:register'>${fields}</query></iq>`,
  );
  if (/^<iq[^>]*type=['"]result/.test(answer)) return 'made';
  if (answer.includes('<conflict')) return 'there';
  if (/type=['"]wait['"]/.test(answer) || answer.includes('<resource-constraint')) return 'later';
  throw new LoginError(`registering ${username} was answered with ${conditionOf(answer)}`);
}

export function offersRegistration(features) {
  return features.includes(REGISTER);
}

/** While elements come one by one: nothing but the answer is expected. */
async function askInTurn(link, xml) {
  link.send(xml);
  const answer = await link.read();
  if (!answer.startsWith('<iq')) throw new LoginError(`instead of an answer came ${answer.slice(0, 300)}`);
  return answer;
}

async function readFeatures(link) {
  const features = await link.read();
  if (features.startsWith('<stream:error'))
    throw new LoginError(`the server ended the stream: ${conditionOf(features)}`);
  if (!features.includes('features')) throw new LoginError(`instead of features came ${features.slice(0, 300)}`);
  return features;
}

/** The name of what is wrong, with its text where there is one. */
export function conditionOf(xml) {
  const text = /<text[^>]*>([^<]+)</.exec(xml)?.[1];
  const names = [...xml.matchAll(/<([a-z-]+)[ /][^>]*xmlns=['"]urn:ietf:params:xml:ns:xmpp-(?:stanzas|streams)/g)];
  const name = names.find(([, one]) => one !== 'text')?.[1] ?? /^<failure[^>]*><([a-z-]+)/.exec(xml)?.[1];
  if (name === undefined) return xml.slice(0, 300);
  return text === undefined ? name : `${name} (${text})`;
}

function encoded(text) {
  return text === '' ? '=' : Buffer.from(text).toString('base64');
}

function decoded(element) {
  const content = /^<[^>]*>([^<]*)</.exec(element)?.[1] ?? '';
  return Buffer.from(content === '=' ? '' : content, 'base64').toString();
}
