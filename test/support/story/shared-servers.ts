/** Starts the servers that all stories share, once for a test run. */
import type { TestProject } from 'vitest/node';
import { startServer, type TestServer } from './server.js';
import type { StoryServer } from './story.js';

const KINDS: readonly Pick<StoryServer, 'engine' | 'shards'>[] = [
  { engine: 'native', shards: 1 },
  { engine: 'native', shards: 4 },
  { engine: 'portable', shards: 1 },
  { engine: 'portable', shards: 4 },
];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running: TestServer[] = [];
  const servers: StoryServer[] = [];
  for (const { engine, shards } of KINDS) {
    const server = await startServer({ engine, shards });
    running.push(server);
    const name = `${engine}, ${shards} ${shards === 1 ? 'shard' : 'shards'}`;
    servers.push({ name, engine, shards, port: server.port, dataDir: server.dataDir });
  }
  project.provide('servers', servers);
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}
