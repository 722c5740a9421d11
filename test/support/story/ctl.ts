/** `meerkatctl` in a story: the same program, in the process of the test, against the control socket of a server. */

import { runCtl } from '../../../src/admin/ctl/program.js';
import { commands } from '../../../src/admin/registry.js';

export interface CtlAnswer {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

/** With `--json`; an answer has either data or errors. */
export interface CtlJson {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: each command has a result of its own
  readonly result: any;
  readonly error: { readonly message: string; readonly path: string[]; readonly extensions: Record<string, unknown> };
}

export class Ctl {
  readonly #dataDir: string;
  readonly #name: string;

  constructor(dataDir: string, name = 'meerkatctl') {
    this.#dataDir = dataDir;
    this.#name = name;
  }

  /** Words are cut at spaces. */
  run(line: string, ...more: readonly string[]): Promise<CtlAnswer> {
    return this.words([...line.split(' '), ...more]);
  }

  async words(words: readonly string[]): Promise<CtlAnswer> {
    const answer = { out: '', error: '' };
    const code = await runCtl(['--data', this.#dataDir, ...words], {
      name: this.#name,
      version: '0',
      env: {},
      commands,
      print: (text) => {
        answer.out += `${text}\n`;
      },
      printError: (text) => {
        answer.error += `${text}\n`;
      },
    });
    return { code, ...answer };
  }

  async json(line: string, ...more: readonly string[]): Promise<CtlJson> {
    const words = [...line.split(' '), ...more];
    const { code, out, error } = await this.words(['--json', ...words]);
    if (error !== '') throw new Error(`meerkatctl ${line}: ${error}`);
    const { data, errors } = JSON.parse(out);
    const [category, command] = words as [string, string];
    return { code, result: data[category][command], error: errors?.[0] };
  }
}
