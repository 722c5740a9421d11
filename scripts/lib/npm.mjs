/** Runs npm as the person in front runs it, and gives node-gyp what it would otherwise download. */
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { run } from './step.mjs';

export function runNpm(args, options) {
  const cli = npmCli();
  return cli ? run(process.execPath, [cli, ...args], options) : run('npm', args, options);
}

/** npm says where it is to what it starts; started directly, the one that came with Node is taken. */
function npmCli() {
  const given = process.env.npm_execpath;
  if (given && basename(given) === 'npm-cli.js' && existsSync(given)) return given;
  const bundled = join(nodePrefix(), 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js');
  return existsSync(bundled) ? bundled : undefined;
}

/** The environment for builds: Node's own headers where Node was installed with them, so that none are downloaded. */
export function buildEnvironment() {
  const prefix = nodePrefix();
  if (!existsSync(join(prefix, 'include', 'node', 'node_version.h'))) return process.env;
  return { ...process.env, npm_package_config_node_gyp_nodedir: prefix };
}

function nodePrefix() {
  return dirname(dirname(process.execPath));
}
