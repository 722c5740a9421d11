/** Looks for what building native code takes. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, isAbsolute, join } from 'node:path';

/** `missing` names what was not found; `identity` changes when a tool appears, goes or is replaced. */
export function findCompiler(env = process.env) {
  const tools = {
    'C++ compiler': find([env.CXX, 'g++', 'c++', 'clang++'], env),
    make: find([env.MAKE, 'gmake', 'make'], env),
    'Python 3': find([env.PYTHON, 'python3', 'python'], env),
  };
  const missing = Object.keys(tools).filter((name) => !tools[name]);
  const identity = Object.values(tools).map((path) => (path ? `${path}@${statSync(path).mtimeMs}` : ''));
  return { missing, identity: identity.join(' ') };
}

export function howToGetCompiler() {
  if (process.platform === 'darwin') return 'xcode-select --install';
  if (process.platform === 'win32') return "install Visual Studio's C++ build tools and Python 3";
  return 'apt-get install g++ make python3 (or the same of your system)';
}

function find(names, env) {
  const suffix = process.platform === 'win32' ? '.exe' : '';
  for (const name of names) {
    if (!name) continue;
    const places = isAbsolute(name)
      ? [name]
      : (env.PATH ?? '').split(delimiter).map((folder) => join(folder, name + suffix));
    const found = places.find(isExecutable);
    if (found) return found;
  }
  return undefined;
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
