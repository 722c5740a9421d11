/** XEP-0198 section 3: what comes to a client while it enables stream management is counted by both sides alike. */
import { type Client, client, xml } from '@xmpp/client';
import type { Element } from 'ltx';
import { expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { Actor } from '../support/story/actor.js';
import { eventually } from '../support/story/eventually.js';
import { handled, stored } from '../support/story/fence.js';
import { SM } from '../support/story/managed.js';
import { relayTo } from '../support/story/relay.js';
import { onEachServer, type StoryServer } from '../support/story/story.js';

// The library uses the global one, which this version of Node lacks.
Object.assign(globalThis, { WebSocket: globalThis.WebSocket ?? WebSocket });

const PARTIES = 2;
const ABREAST = 6;
const RAIN_EVERY_MS = 20;
/** The library's own is short for a busy machine. */
const PATIENCE_MS = 15_000;
/** As a network, or a client with other work, has what was written one after the other arrive at once. */
const JOINING = { text: '<enabled', forMs: 100 };

onEachServer('@xmpp/client logs in', (server) => {
  it.each([
    ['TCP', ({ port }: StoryServer) => port, (port: number) => `xmpp://127.0.0.1:${port}`],
    [
      'WebSocket',
      ({ webSocketPort }: StoryServer) => webSocketPort,
      (port: number) => `ws://127.0.0.1:${port}/ws-xmpp`,
    ],
  ])('over %s while messages and presence come: none is counted wrong', async (_, portOf, address) => {
    const relay = await relayTo(portOf(server), JOINING);
    const alice = await Actor.join(server.port, fresh());
    try {
      for (let party = 0; party < PARTIES; party++) await logInAbreast(server, alice, address(relay.port));
    } finally {
      relay.close();
      alice.vanish();
    }
  });
});

/** Several clients of one account at a time, so that each comes into the presence of the others. */
async function logInAbreast(server: StoryServer, alice: Actor, service: string): Promise<void> {
  const bob = await Actor.join(server.port, fresh());
  const rain = setInterval(() => alice.send(chat(bob.bare, 'rain')), RAIN_EVERY_MS);
  const logins = Array.from({ length: ABREAST }, () => new Login(service, bob));
  try {
    await Promise.all(logins.map(({ xmpp }) => xmpp.start()));
    await eventually(() => logins.every(({ counted, isOver }) => isOver || (counted ?? 0) > 0));
    clearInterval(rain);
    for (const { xmpp } of logins) alice.send(chat(String(xmpp.jid), 'last'));
    await eventually(() => logins.every(({ hasLast, isOver }) => isOver || hasLast));
    expect(logins.flatMap(({ troubles }) => troubles)).toEqual([]);
    for (const { counted, xmpp } of logins) expect(xmpp.streamManagement.inbound).toBe(counted);
  } finally {
    clearInterval(rain);
    await Promise.all(logins.map(({ xmpp }) => xmpp.stop().catch(() => {})));
  }

  // What a client has not acknowledged when it goes is kept for the account.
  await handled(alice, bob.bare);
  await bob.available();
  await stored(bob);
  const kept = (await bob.hasReceived()).filter((one) => one.getChildText('body') === 'last');
  expect(kept).toEqual([]);
  bob.vanish();
}

class Login {
  readonly xmpp: Client;
  readonly troubles: string[] = [];
  /** Stanzas behind `<enabled/>`; undefined before it. */
  counted: number | undefined;
  hasLast = false;

  constructor(service: string, { username, password }: Actor) {
    this.xmpp = client({ service, domain: 'localhost', username, password, timeout: PATIENCE_MS });
    this.xmpp.reconnect.stop();
    this.xmpp.on('error', (error) => this.troubles.push(error.message));
    this.xmpp.on('element', (element) => this.#count(element));
    // As its documentation has it: presence goes before the request to enable.
    this.xmpp.on('online', () => void this.xmpp.send(xml('presence')));
  }

  get isOver(): boolean {
    return this.troubles.length > 0;
  }

  #count(element: Element): void {
    if (element.is('enabled', SM)) this.counted = 0;
    else if (this.counted !== undefined && ['message', 'presence', 'iq'].includes(element.name)) this.counted++;
    if (element.getChildText('body') === 'last') this.hasLast = true;
  }
}

const chat = (to: string, body: string) => `<message to='${to}' type='chat'><body>${body}</body></message>`;

function fresh() {
  return { username: `e-${Math.random().toString(36).slice(2)}`, domain: 'localhost', password: 'secret' };
}
