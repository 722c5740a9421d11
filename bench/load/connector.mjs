/** Opens links to the server under test: over the transport, from the addresses and as the accounts that the profile names. */
import { enterFloor } from './floor.mjs';
import { authenticate, bind, LoginError, mechanismsOf, offersRegistration, openStream, register } from './login.mjs';
import { chooseMechanism } from './sasl.mjs';
import { Session } from './session.mjs';
import { openBosh } from './transports/bosh.mjs';
import { proxyHeader } from './transports/proxy-header.mjs';
import { openWebSocket } from './transports/web-socket.mjs';

/** A server that limits registrations is asked again so often. */
const MOST_TRIES = 5;
const RETRY_MS = 1_000;

export class Connector {
  #wire;
  #target;
  #users;
  #patienceMs;
  #keys = new Map();
  #opened = 0;
  /** The one that logins use, once it is known. */
  mechanism;
  features = '';

  /** `target` has its address and port resolved; `number` tells the threads apart. */
  constructor(wire, { target, users, run, number }) {
    this.#wire = wire;
    this.#target = target;
    this.#users = users;
    this.#patienceMs = run.patience * 1_000;
    this.#opened = number * 100_000;
  }

  get target() {
    return this.#target;
  }

  name(role, index) {
    return `${this.#users.prefix}-${role}${index}`;
  }

  isAnonymous() {
    return this.mechanism === 'ANONYMOUS';
  }

  /** No server, but what forwards bytes: nobody has an account there, nor logs in. */
  get isFloor() {
    return this.#target.transport === 'floor';
  }

  /** Settles on a mechanism. */
  async probe() {
    if (this.isFloor) return;
    const { link, features } = await this.openStream();
    this.mechanism = chooseMechanism(mechanismsOf(features), this.#target.mechanism);
    await link.close();
  }

  /** A link that stands, before its stream. */
  open() {
    const options = this.#linkOptions();
    if (this.#target.transport.startsWith('websocket')) return openWebSocket(options);
    if (this.#target.transport.startsWith('bosh')) return openBosh(options);
    return this.#wire.connect(options);
  }

  #linkOptions() {
    const { target } = this;
    const number = this.#opened++;
    const sources = target.sourceList;
    return {
      ...{ address: target.address, port: target.port, domain: target.domain, path: target.path },
      localAddress: sources.length === 0 ? undefined : sources[number % sources.length],
      serverName: target.domain,
      tls: target.transport === 'tls' || target.transport.endsWith('-tls'),
      preamble: target.proxy === 'none' ? undefined : proxyHeader(target.proxy, number),
      header: streamHeader(target.domain),
      patienceMs: this.#patienceMs,
    };
  }

  /** A link whose stream is open; `features` are what it begins with. */
  async openStream() {
    const link = await this.open();
    try {
      return { link, features: await openStream(link, { startTls: this.#target.transport === 'starttls' }) };
    } catch (error) {
      link.abort();
      throw error;
    }
  }

  /** A link that is authenticated. */
  async openAs(username) {
    const { link, features: before } = await this.openStream();
    try {
      const identity = { username, password: this.#users.password, keys: this.#keys };
      const features = await authenticate(link, before, this.mechanism, identity);
      this.features = features;
      return { link, features };
    } catch (error) {
      link.abort();
      throw error;
    }
  }

  /** A session of this account, or, with ANONYMOUS, of one that the server makes up. */
  async login(username, resource = 'bench') {
    if (this.isFloor) return enterFloor(this.#wire, username, this.#linkOptions());
    const { link, features } = await this.openAs(username);
    try {
      const jid = await bind(link, features, this.isAnonymous() ? undefined : resource);
      return new Session(link, { jid, patienceMs: this.#patienceMs });
    } catch (error) {
      link.abort();
      throw error;
    }
  }

  /** Goes on with a session whose link broke; false when the server has forgotten it. */
  async resume(session, username) {
    const { link } = await this.openAs(username);
    if (await session.resume(link)) return true;
    link.abort();
    return false;
  }

  /** Has the account made, if need be. False where the server does not offer that, and need not. */
  async register(username) {
    if (this.isFloor) return false;
    for (let tries = 0; tries < MOST_TRIES; tries++) {
      if (tries > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS * tries));
      const { link, features } = await this.openStream();
      if (!offersRegistration(features) && this.#users.register === 'auto') {
        await link.close();
        return false;
      }
      const fate = await register(link, features, { username, password: this.#users.password }).catch((error) => {
        link.abort();
        throw error;
      });
      await link.close();
      if (fate !== 'later') return true;
    }
    throw new LoginError(
      `the server does not let ${username} be registered, and asks to try later: it limits registrations from one address ` +
        '(registration_timeout of ejabberd and MongooseIM). Lift the limit, or set users.registrations.',
    );
  }
}

function streamHeader(domain) {
  const namespaces = "xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams'";
  return `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' ${namespaces}>`;
}
