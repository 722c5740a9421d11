/** Makes the certificate with which the servers are compared over TLS: one for all of them. */
import { execFileSync } from 'node:child_process';
import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Returns the paths of certificate and key, and of both in one file. */
export function makeCertificate(directory, user) {
  const files = { certificate: join(directory, 'localhost.crt'), key: join(directory, 'localhost.key') };
  const request = 'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=localhost';
  const alternative = ['-addext', 'subjectAltName=DNS:localhost'];
  execFileSync('openssl', [...request.split(' '), ...alternative, '-keyout', files.key, '-out', files.certificate], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const both = join(directory, 'localhost.pem');
  writeFileSync(both, readFileSync(files.certificate, 'utf8') + readFileSync(files.key, 'utf8'), { mode: 0o600 });
  if (user) for (const file of [...Object.values(files), both]) chownSync(file, user.uid, user.gid);
  return { ...files, both };
}
