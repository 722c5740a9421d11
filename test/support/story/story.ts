/** Stories: black-box tests with fresh users, told once and run on every kind of server. */
import { describe, inject, it } from 'vitest';
import { Actor } from './actor.js';
import { speaks, transportOf } from './transports.js';

/** A server that the stories share; started by `shared-servers.ts`. */
export interface StoryServer {
  readonly name: string;
  readonly engine: 'native' | 'portable';
  readonly shards: number;
  /** Without TLS; clients who connect to it speak the transport of the story. */
  readonly port: number;
  /** TLS is offered. */
  readonly starttlsPort: number;
  /** TLS is demanded. */
  readonly requiredPort: number;
  /** TLS from the first byte. */
  readonly tlsPort: number;
  /** For WebSocket, without TLS. */
  readonly webSocketPort: number;
  /** For BOSH, without TLS. */
  readonly boshPort: number;
  readonly pid: number;
  readonly dataDir: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    servers: StoryServer[];
  }
}

/** How many sessions each person has: `{ alice: 1, bob: 2 }` gives `alice`, `bob` and `bob2`. None of them has sent presence. */
type Cast = Readonly<Record<string, number>>;
type Actors = Readonly<Record<string, Actor>>;
type Plot<S> = (actors: Actors, server: S) => Promise<void>;
export type Tell<S = StoryServer> = (claim: string, cast: Cast, plot: Plot<S>) => void;

/** Runs the stories that `define` tells on each shared server. */
export function stories(topic: string, define: (story: Tell) => void): void {
  onEachServer(topic, (server) => define(teller(() => server)));
}

/** The same over each transport: for what stands for all the rest, as every story takes its time. */
export function storiesOverAll(topic: string, define: (story: Tell) => void): void {
  onEachTransport(topic, (server) => define(teller(() => server)));
}

/** Tells stories on a server that has to be there only when they run. */
export function teller<S extends { readonly port: number }>(server: () => S): Tell<S> {
  return (claim, cast, plot) => {
    it(claim, async () => {
      const actors = await gather(server(), cast);
      try {
        await plot(actors, server());
      } finally {
        for (const actor of Object.values(actors)) actor.vanish();
      }
    });
  };
}

/** Groups tests of bare connections, once for each shared server. */
export function onEachServer(topic: string, define: (server: StoryServer) => void): void {
  for (const server of inject('servers')) describe(`${topic} [${server.name}]`, () => define(server));
}

/** The same over each transport. */
export function onEachTransport(topic: string, define: (server: StoryServer) => void): void {
  onEachServer(topic, define);
  for (const server of inject('servers')) {
    const ports = [speaks(server.webSocketPort, 'WebSocket'), speaks(server.boshPort, 'BOSH')];
    for (const port of ports) {
      describe(`${topic} [${server.name}, ${transportOf(port)}]`, () => define({ ...server, port }));
    }
  }
}

async function gather(server: { readonly port: number }, cast: Cast): Promise<Actors> {
  const actors: Record<string, Actor> = {};
  await Promise.all(
    Object.entries(cast).map(async ([name, sessions]) => {
      const username = `${name}-${Math.random().toString(36).slice(2, 10)}`;
      const first = await Actor.join(server.port, { username, domain: 'localhost', password: `pass of ${name}` });
      actors[name] = first;
      for (let number = 2; number <= sessions; number++) actors[`${name}${number}`] = await first.another(server.port);
    }),
  );
  return actors;
}

/** Makes two people subscribed to each other, both available already. */
export async function befriend(one: Actor, other: Actor): Promise<void> {
  for (const [asker, asked] of [
    [one, other],
    [other, one],
  ] as const) {
    asker.send(`<presence type='subscribe' to='${asked.bare}'/>`);
    await asked.receives(`<presence type='subscribe' from='${asker.bare}'/>`);
    asked.send(`<presence type='subscribed' to='${asker.bare}'/>`);
    await asker.receives(`<presence type='subscribed' from='${asked.bare}'/>`);
    await asker.receives(`<presence from='${asked.jid}'/>`);
  }
}
