/** Paths below the path of a handler. */

export function below(path: string, name: string): string {
  return `${path.replace(/\/+$/, '')}/${name}`;
}
