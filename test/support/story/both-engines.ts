/** Servers with a configuration written from scratch, one on each engine. */
import { afterAll, beforeAll, describe } from 'vitest';
import { ENGINES, type ServerOptions, startServer, type TestServer } from './server.js';

export type Engine = NonNullable<ServerOptions['engine']>;

export interface OwnConfig {
  readonly engine: Engine;
  readonly shards?: number;
  readonly hosts?: readonly string[];
  /** Lines of `[general]`. */
  readonly general?: string;
  /** The lines of each `[[listen.c2s]]` beside port and address. */
  readonly listeners?: readonly string[];
  /** Lines of `[auth]`. */
  readonly auth?: string;
  /** Everything else. */
  readonly rest?: string;
}

/** A configuration file with what every server needs, and what the stories at hand are about. */
export function ownConfig(own: OwnConfig): string {
  const { engine, shards = 1, hosts = ['localhost'], general = '', listeners = [''], auth = '', rest = '' } = own;
  const c2s = listeners.map((lines) => `[[listen.c2s]]\n  port = PORT\n  ip_address = "127.0.0.1"\n${lines}\n`);
  return `
[general]
  loglevel = "warning"
  hosts = ${JSON.stringify(hosts)}
  default_server_domain = "${hosts[0]}"
  registration_timeout = "infinity"
${general}
[meerkat]
  engine = "${engine}"
  shards = ${shards}
${c2s.join('')}
[auth]
  password.scram_iterations = 1000
${auth || '  methods = ["internal"]'}
[modules.mod_ping]
[modules.mod_presence]
[modules.mod_register]
[modules.mod_roster]
${rest}
`;
}

/** Starts the server before the tests that `define` describes, once on each engine, and stops it behind them. */
export function onBothEngines(
  topic: string,
  config: (engine: Engine) => string,
  define: (server: () => TestServer, engine: Engine) => void,
): void {
  for (const engine of ENGINES) {
    describe(`${topic} [${engine}]`, () => {
      let server: TestServer | undefined;
      beforeAll(async () => {
        server = await startServer({ config: config(engine) });
      });
      afterAll(async () => {
        await server?.stop();
      });
      define(() => server as TestServer, engine);
    });
  }
}
