/** A link over WebSocket (RFC 7395): each element is a frame. */
import WebSocket from 'ws';
import { dial } from './dial.mjs';
import { Link, LinkError } from './link.mjs';
import { TextView, withNamespace } from './text-view.mjs';

const FRAMING = "xmlns='urn:ietf:params:xml:ns:xmpp-framing'";

export async function openWebSocket(options) {
  const socket = await dial(options);
  const url = `ws://${options.domain}:${options.port}${options.path || '/ws-xmpp'}`;
  const client = new WebSocket(url, 'xmpp', { createConnection: () => socket, perMessageDeflate: false });
  await new Promise((resolve, reject) => {
    client.once('open', resolve);
    client.once('error', (error) => reject(new LinkError(`no WebSocket: ${error.message}`)));
  });
  return new WebSocketLink(client, options);
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
    client.on('message', (data) => this.#came(data.toString()));
    client.on('error', (error) => this.ended(error.message));
    client.on('close', () => this.ended('the connection ended'));
  }

  openStream() {
    this.#client.send(`<open ${FRAMING} to='${this.#domain}' version='1.0'/>`);
  }

  restart() {
    this.openStream();
  }

  flow(listener) {
    super.flow(listener);
    this.release(this.#show);
  }

  send(xml) {
    this.#client.send(withNamespace(xml));
    return true;
  }

  close() {
    this.isOpen = false;
    this.#client.send(`<close ${FRAMING}/>`);
    return this.#gone(() => this.#client.close());
  }

  abort() {
    this.isOpen = false;
    return this.#gone(() => this.#client.terminate());
  }

  fail(reason) {
    this.#client.terminate();
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
    this.#client.close();
    this.ended('the server closed the stream');
  }
}
