/** Starts the servers that all stories share, once for a test run. */
import type { TestProject } from 'vitest/node';
import { ENGINES, startServer, type TestServer } from './server.js';
import type { StoryServer } from './story.js';

const SHARDS = [1, 4];

type Ports = [number, number, number, number, number, number];

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const running: TestServer[] = [];
  const servers: StoryServer[] = [];
  for (const engine of ENGINES) {
    for (const shards of SHARDS) {
      const server = await startServer({ engine, shards });
      running.push(server);
      const name = `${engine}, ${shards} ${shards === 1 ? 'shard' : 'shards'}`;
      const [port, starttlsPort, requiredPort, tlsPort, webSocketPort, boshPort] = server.ports as Ports;
      servers.push({
        ...{ name, engine, shards, port, starttlsPort, requiredPort, tlsPort, webSocketPort, boshPort },
        dataDir: server.dataDir,
        pid: server.process.pid as number,
      });
    }
  }
  project.provide('servers', servers);
  return async () => {
    await Promise.all(running.map((server) => server.stop()));
  };
}
