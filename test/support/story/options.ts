/** The configuration of stories with options of a module changed. */
import { storyConfig } from './server.js';

type Engine = 'native' | 'portable';

/** `storyConfig` with these lines in the table of a module. */
export function withOptions(module: string, ...lines: readonly string[]): (engine: Engine) => string {
  const table = `[modules.${module}]\n`;
  return (engine) => {
    const [before, after, ...more] = storyConfig({ engine, shards: 2 }).split(table);
    if (before === undefined || after === undefined || more.length > 0) throw new Error(`no single table ${table}`);
    return `${before}${table}${lines.map((line) => `  ${line}\n`).join('')}${after}`;
  };
}
