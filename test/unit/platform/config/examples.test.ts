import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formatProblem, loadConfig } from '../../../../src/platform/config/index.js';

const AROUND = '[general]\nhosts = ["localhost"]\ndefault_server_domain = "localhost"\n[auth.internal]\n';

test.each(['bosh', 'http', 'ldap', 'reverse-proxy', 'web-clients'])(
  'the examples of docs/operations/%s.md are taken',
  (page) => {
    const text = readFileSync(new URL(`../../../../docs/operations/${page}.md`, import.meta.url), 'utf8');
    const examples = [...text.matchAll(/```toml\n(.*?)```/gs)].map(([, example = '']) => example);
    expect(examples.length).toBeGreaterThan(0);
    for (const example of examples) {
      const result = loadConfig({ file: `${page}.toml`, text: `${AROUND}${example}` });
      expect('problems' in result ? result.problems.map(formatProblem) : []).toEqual([]);
    }
  },
);
