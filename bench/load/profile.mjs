/** Reads a profile: a TOML file with a section for each load, every value of which the command line may replace. */
import { parse, TomlError } from 'smol-toml';
import { importCompiled } from '../lib/places.mjs';
import { behaviours } from './behaviours/index.mjs';
import { defaultsOf, problemOf } from './schema.mjs';
import { commonSections } from './sections.mjs';

const { Positions } = await importCompiled('platform/config/positions.js');
const { nearest } = await importCompiled('platform/config/nearest.js');

export class ProfileError extends Error {}

/** All sections that there are, with their options. */
export const sections = {
  ...commonSections,
  ...Object.fromEntries(Object.entries(behaviours).map(([name, { options }]) => [name, options])),
};

/**
 * Returns `{ name, title, toml, loads, ...sections }`, where `loads` are the names of the sections that are loads. Throws a
 * `ProfileError` that tells everything that is wrong, with file and line. `changes` are texts such as `chat.pairs=100`.
 */
export function readProfile({ name, file, text, changes = [] }) {
  const table = parsed(file, text);
  const problems = problemsOf(table);
  if (problems.length > 0) throw new ProfileError(placed(problems, file, text).join('\n'));
  const loads = Object.keys(table).filter((section) => Object.hasOwn(behaviours, section));
  if (loads.length === 0)
    throw new ProfileError(`${file}:1: no load: a profile has ${listed(Object.keys(behaviours))}`);
  const profile = { name, title: table.title ?? name, toml: withChanges(text, changes), loads };
  for (const section of [...Object.keys(commonSections), ...loads]) {
    profile[section] = { ...defaultsOf(sections[section]), ...table[section] };
  }
  for (const change of changes) applyChange(profile, change);
  return profile;
}

function parsed(file, text) {
  try {
    return parse(text);
  } catch (error) {
    if (!(error instanceof TomlError)) throw error;
    const [reason] = error.message.split('\n');
    throw new ProfileError(`${file}:${error.line}:${error.column}: ${reason}`);
  }
}

/** Each is a path, where to point, and a sentence. */
function problemsOf(table) {
  return Object.entries(table).flatMap(([section, content]) => {
    if (section === 'title')
      return typeof content === 'string' ? [] : [{ path: ['title'], at: 'value', text: 'expected a text' }];
    if (!Object.hasOwn(sections, section))
      return [{ path: [section], at: 'key', text: unknown(section, [...Object.keys(sections), 'title']) }];
    if (typeof content !== 'object' || Array.isArray(content))
      return [{ path: [section], at: 'value', text: `expected a table, [${section}]` }];
    return Object.entries(content).flatMap(([key, value]) => problemOfKey(section, key, value));
  });
}

function problemOfKey(section, key, value) {
  const path = [section, key];
  const options = sections[section];
  if (!Object.hasOwn(options, key)) return [{ path, at: 'key', text: unknown(key, Object.keys(options)) }];
  const text = problemOf(options[key], value);
  return text === undefined ? [] : [{ path, at: 'value', text }];
}

function unknown(name, known) {
  const meant = nearest(name, known);
  return `there is no ${name}${meant === undefined ? `; there is ${listed(known)}` : `; did you mean ${meant}?`}`;
}

function placed(problems, file, text) {
  const positions = new Positions(text);
  return problems
    .map((problem) => ({ ...problem, ...positions.of(problem.path, problem.at) }))
    .sort((one, other) => one.line - other.line)
    .map(({ path, line, column, text: reason }) => `${file}:${line}:${column}: ${path.join('.')}: ${reason}`);
}

/** Replaces one value: `section.key=value`. */
export function applyChange(profile, change) {
  const [, section, key, value] = /^([^.=]+)\.([^.=]+)=(.*)$/s.exec(change) ?? [];
  if (section === undefined) throw new ProfileError(`--set ${change}: expected section.key=value`);
  if (!Object.hasOwn(profile, section) || !Object.hasOwn(sections, section)) {
    const there = [...Object.keys(commonSections), ...profile.loads];
    throw new ProfileError(`--set ${change}: ${unknown(section, there)}`);
  }
  const options = sections[section];
  if (!Object.hasOwn(options, key)) throw new ProfileError(`--set ${change}: ${unknown(key, Object.keys(options))}`);
  const made = options[key].read(value);
  if (!options[key].check(made)) throw new ProfileError(`--set ${change}: expected ${options[key].form}`);
  profile[section][key] = made;
}

/** The profile as it was run: what the command line changed stands behind it. */
function withChanges(text, changes) {
  if (changes.length === 0) return text;
  return `${text.trimEnd()}\n\n# Changed on the command line:\n${changes.map((change) => `# ${change}\n`).join('')}`;
}

function listed(names) {
  return names.join(', ');
}
