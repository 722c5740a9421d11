/** Engines and clients of one test, cleared away behind it. */
import { afterEach } from 'vitest';
import type { EngineOptions } from '../../../src/engine/port.js';
import { Client, type CreateEngine, type Reaction, Shard, startShards, step } from './harness.js';

export class Scene {
  readonly #create: CreateEngine;
  readonly #shards: Shard[] = [];
  readonly #clients: Client[] = [];

  constructor(create: CreateEngine) {
    this.#create = create;
    afterEach(() => this.clear());
  }

  async shard(react: Reaction = step, options: Partial<EngineOptions> = {}): Promise<Shard> {
    const shard = await Shard.start(this.#create, react, options);
    this.#shards.push(shard);
    return shard;
  }

  async shards(count: number, react: Reaction = step): Promise<Shard[]> {
    const shards = await startShards(this.#create, count, react);
    this.#shards.push(...shards);
    return shards;
  }

  async client(port: number, host?: string): Promise<Client> {
    return this.keep(await Client.connect(port, host));
  }

  keep(client: Client): Client {
    this.#clients.push(client);
    return client;
  }

  clear(): void {
    for (const client of this.#clients.splice(0)) client.destroy();
    for (const shard of this.#shards.splice(0)) shard.engine.stop();
  }
}
