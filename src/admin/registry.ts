/** Every command there is. */
import type { AnyCommand } from './command.js';
import { accountCommands } from './commands/account.js';
import { configCommands } from './commands/config.js';
import { metricCommands } from './commands/metric.js';
import { serverCommands } from './commands/server.js';
import { sessionCommands } from './commands/session.js';

export const commands: readonly AnyCommand[] = [
  ...accountCommands,
  ...configCommands,
  ...metricCommands,
  ...serverCommands,
  ...sessionCommands,
];
