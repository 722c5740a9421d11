/** Reads a configuration: the snapshot, or everything that is wrong with the file. */
import { parse, TomlError } from 'smol-toml';
import { buildCatalogue, type Catalogue } from './catalogue.js';
import { Config } from './config.js';
import { defaultText } from './default-text.js';
import { Positions, withoutMark } from './positions.js';
import { type ConfigProblem, type Finding, type Note, place } from './problems.js';
import { buildSnapshot } from './snapshot.js';
import { type Table, validate } from './validate.js';

export interface ConfigSource {
  /** As it is to be named in messages. */
  readonly file: string;
  readonly text: string;
}

export interface LoadOptions {
  /** Drops what Meerkat does not serve yet instead of stopping at it. */
  readonly ignoreUnsupported?: boolean | undefined;
}

export type LoadResult =
  | { readonly config: Config; readonly notes: readonly Note[] }
  | { readonly problems: readonly ConfigProblem[]; readonly notes: readonly Note[] };

/** Without a source: the built-in default. */
export function loadConfig(source: ConfigSource | undefined, options: LoadOptions = {}): LoadResult {
  const { file, text } = source ?? { file: 'built-in default', text: defaultText };
  const parsed = parseToml(file, text);
  if ('problems' in parsed) return { problems: parsed.problems, notes: [] };

  const { root }: Catalogue = buildCatalogue();
  const { findings, notes, value } = validate(parsed.table, root, options.ignoreUnsupported === true);
  const { draft, plain } = buildSnapshot(parsed.table, value, root, source?.file);
  const allNotes = [...notes, ...draft.notes];
  const allFindings = [...findings, ...draft.findings];
  if (allFindings.length > 0) return { problems: placeAll(allFindings, file, text), notes: allNotes };
  return { config: Config.fromPlain(plain), notes: allNotes };
}

function parseToml(file: string, text: string): { table: Table } | { problems: ConfigProblem[] } {
  try {
    // As `bigint`, integers can be told from floats, and those too large for a number can be reported like any other value.
    return { table: parse(withoutMark(text), { integersAsBigInt: true, unsafeKeyBehaviour: 'throw' }) };
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    // The library adds the code around the place below its sentence.
    const reason = error.message.split('\n')[0]!.replace(/^Invalid TOML document: /, '');
    const { line, column } = error;
    return { problems: [{ kind: 'syntax', file, line, column, path: '', text: `not valid TOML: ${reason}` }] };
  }
}

/** In the order of the file. */
function placeAll(findings: readonly Finding[], file: string, text: string): ConfigProblem[] {
  const positions = new Positions(text);
  const problems = findings.map((finding) => place(finding, file, positions.of(finding.path, finding.at)));
  return problems.sort((a, b) => a.line - b.line || a.column - b.column);
}
