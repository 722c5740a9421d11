/** Small configuration files for tests, made from the options that matter. */
import { stringify } from 'smol-toml';

type Table = Record<string, unknown>;

/** The least that the server starts with. */
export function leastConfig(): Table {
  return { general: { hosts: ['localhost'], default_server_domain: 'localhost' } };
}

/** Sets an option by its catalogue path: `[]` becomes the first table of an array, `*` the name `default`. */
export function withOption(config: Table, path: string, value: unknown): Table {
  const copy = structuredClone(config);
  const steps = concrete(path);
  let at: Record<string | number, unknown> = copy;
  for (const [index, step] of steps.slice(0, -1).entries()) {
    at[step] ??= typeof steps[index + 1] === 'number' ? [] : {};
    at = at[step] as Record<string | number, unknown>;
  }
  at[steps.at(-1)!] = value;
  return copy;
}

/** The steps of that option in the file. */
export function concrete(path: string): (string | number)[] {
  return path.split('.').flatMap((step) => {
    const name = step.replace('[]', '') === '*' ? 'default' : step.replace('[]', '');
    return step.endsWith('[]') ? [name, 0] : [name];
  });
}

export function toml(config: Table): string {
  return stringify(config);
}
