/** Asks Debian's package database what is installed. */
import { execFileSync } from 'node:child_process';

/** `undefined` where the package, or the database, is not there. */
export function packageVersion(name) {
  try {
    const found = execFileSync('dpkg-query', ['-W', '-f', `\${db:Status-Status} \${Version}`, name], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const [status, version] = found.split(' ');
    return status === 'installed' ? version : undefined;
  } catch {
    return undefined;
  }
}
