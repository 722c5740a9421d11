/** A link over WebSocket (RFC 7395): each element is a frame. */
import { upgraded } from '../../lib/web-socket.mjs';
import { dial } from './dial.mjs';
import { Link, LinkError } from './link.mjs';
import { TextView, withNamespace } from './text-view.mjs';

const FRAMING = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'";

export async function openWebSocket(options) {
  const socket = await dial(options);
  try {
    const host = `${options.domain}:${options.port}`;
    return new WebSocketLink(await upgraded(socket, { host, path: options.path || '/ws-xmpp' }), options);
  } catch (error) {
    socket.destroy();
    throw new LinkError(error.message);
  }
}

class WebSocketLink extends Link {
  #client;
  #domain;
  #view = new TextView();
  #show = (text) => this.#view.at(text);

  constructor(client, { domain, patienceMs }) {
    super(patienceMs);
    this.#client = client;
    this.#domain = domain;
    client.on('data', (data) => this.#came(data.toString()));
    client.on('drain', () => this.onDrained?.());
    client.on('error', (error) => this.ended(error.message));
    client.on('close', () => this.ended('the connection ended'));
  }

  openStream() {
    this.#client.write(`<open ${FRAMING} to='${this.#domain}' version='1.0'/>`);
  }

  restart() {
    this.openStream();
  }

  flow(listener) {
    super.flow(listener);
    this.release(this.#show);
  }

  send(xml) {
    return this.#client.write(withNamespace(xml));
  }

  close() {
    this.isOpen = false;
    this.#client.write(`<close ${FRAMING}/>`);
    return this.#gone(() => this.#client.end());
  }

  abort() {
    this.isOpen = false;
    return this.#gone(() => this.#client.destroy());
  }

  fail(reason) {
    this.#client.destroy();
    this.ended(reason);
  }

  #gone(go) {
    if (this.end !== undefined) return Promise.resolve();
    return new Promise((resolve) => {
      this.onEnd = resolve;
      go();
    });
  }

  #came(text) {
    if (text.startsWith('<open')) return;
    if (!text.startsWith('<close')) return this.take(text, this.#show);
    this.#client.end();
    this.ended('the server closed the stream');
  }
}
