/** The calls of an engine that are about one connection and no more, passed on to it. */
import type { ChannelBindingType, ConnectionDetails, Proceed } from '../port.js';
import type { Connection } from './connection.js';
import { standingAlone } from './frame-text.js';

export abstract class ConnectionCalls {
  /** Undefined for a connection that is gone. */
  protected abstract find(slot: number, generation: number): Connection | undefined;

  send(slot: number, generation: number, data: string | Uint8Array): boolean {
    const connection = this.find(slot, generation);
    const bytes = typeof data === 'string' ? Buffer.from(data) : Buffer.from(data);
    return connection?.send(outgoing(connection, bytes)) ?? false;
  }

  stamp(slot: number, generation: number, from: string): void {
    const connection = this.find(slot, generation);
    if (connection) connection.stampText = from;
  }

  proceed(slot: number, generation: number, how: Proceed): void {
    this.find(slot, generation)?.proceed(how);
  }

  pause(slot: number, generation: number): void {
    this.find(slot, generation)?.hold(true);
  }

  resume(slot: number, generation: number): void {
    this.find(slot, generation)?.hold(false);
  }

  shape(slot: number, generation: number, bytesPerSecond: number): void {
    this.find(slot, generation)?.shape(bytesPerSecond);
  }

  authenticated(slot: number, generation: number): void {
    this.find(slot, generation)?.authenticated();
  }

  deadline(slot: number, generation: number, ms: number): void {
    this.find(slot, generation)?.deadline(ms);
  }

  startCompression(slot: number, generation: number, confirmation: string): boolean {
    return this.find(slot, generation)?.startCompression(Buffer.from(confirmation)) ?? false;
  }

  channelBinding(slot: number, generation: number, type: ChannelBindingType): Uint8Array | undefined {
    return this.find(slot, generation)?.transport.channelBinding(type);
  }

  close(slot: number, generation: number): void {
    this.find(slot, generation)?.close();
  }

  abort(slot: number, generation: number): void {
    this.find(slot, generation)?.abort();
  }

  details(slot: number, generation: number): ConnectionDetails | undefined {
    return this.find(slot, generation)?.details();
  }
}

/** What goes out on this connection: by frames, an element has to stand alone. */
export function outgoing(connection: Connection, element: Buffer): Uint8Array {
  return connection.transport.framing ? standingAlone(element) : element;
}
