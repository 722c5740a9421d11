/** What tests use that has no types of its own. */
declare module '*.mjs';

declare module '@xmpp/client' {
  import type { EventEmitter } from 'node:events';
  import type { createElement, Element } from 'ltx';

  export interface Client
    extends EventEmitter<{
      error: [Error];
      element: [Element];
      stanza: [Element];
      online: [object];
      disconnect: [object];
    }> {
    /** An object that is the address as text; null before it is known. */
    readonly jid: object | null;
    readonly iqCaller: { get(child: Element): Promise<Element> };
    readonly reconnect: { delay: number; stop(): void };
    readonly streamManagement: EventEmitter<{ ack: [Element]; fail: [Element]; resumed: [] }> & {
      readonly enabled: boolean;
      /** Stanzas that have come since it was enabled. */
      readonly inbound: number;
    };
    start(): Promise<object>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
  }

  export interface ClientOptions {
    readonly service: string;
    readonly domain: string;
    readonly username: string;
    readonly password: string;
    /** In milliseconds, for each answer. */
    readonly timeout?: number;
  }

  export function client(options: ClientOptions): Client;
  export const xml: typeof createElement;
}

declare module '@xmpp/xml/lib/Parser.js' {
  import { EventEmitter } from 'node:events';
  import type { Element } from 'ltx';

  /** Gives the first element when it begins, as `start`, and its children one by one. */
  export default class Parser extends EventEmitter<{
    start: [Element];
    element: [Element];
    end: [Element];
    error: [Error];
  }> {
    write(text: string): void;
  }
}
