/** The options of archives of accounts, where they are said at two places. */
import { expect, it } from 'vitest';
import type { ModuleConfig } from '../../../../src/core/module/module.js';
import { archiveSettings } from '../../../../src/modules/mam/settings.js';
import { formatProblem, loadConfig } from '../../../../src/platform/config/index.js';
import { leastConfig, toml, withOption } from '../../../support/config-file.js';

function pace(options: Readonly<Record<string, unknown>>) {
  let config = withOption(leastConfig(), 'modules.mod_mam.pm', {});
  for (const [path, value] of Object.entries(options)) config = withOption(config, `modules.mod_mam.${path}`, value);
  const result = loadConfig({ file: 't.toml', text: toml(config) });
  if ('problems' in result) throw new Error(result.problems.map(formatProblem).join('\n'));
  return archiveSettings(result.config.modules.mod_mam as ModuleConfig<'mod_mam'>)?.pace;
}

it('messages gather as async_writer says, and for accounts as pm.async_writer says, option by option', () => {
  expect(pace({})).toEqual({ paceMs: 10, enough: 5_000 });
  expect(pace({ 'async_writer.flush_interval': 2_000, 'async_writer.batch_size': 30 })).toEqual({
    paceMs: 2_000,
    enough: 30,
  });
  expect(pace({ 'async_writer.flush_interval': 50, 'pm.async_writer.batch_size': 7 })).toEqual({
    paceMs: 50,
    enough: 7,
  });
  expect(pace({ 'async_writer.flush_interval': 50, 'pm.async_writer.enabled': false })?.paceMs).toBe(0);
});
