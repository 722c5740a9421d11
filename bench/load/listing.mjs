/** `meerkat-bench profiles`: what there is to run, and what may stand in a profile. */
import { UsageError } from '../lib/arguments.mjs';
import { behaviours } from './behaviours/index.mjs';
import { openProfile, profileNames } from './command.mjs';
import { sections } from './profile.mjs';

/** `names` are sections whose options are listed. */
export function profiles(_, names) {
  const unknown = names.find((name) => !Object.hasOwn(sections, name));
  if (unknown !== undefined)
    throw new UsageError(`There is no section ${unknown}; there are ${Object.keys(sections).join(', ')}.`);
  process.stdout.write(names.length === 0 ? overview() : names.map(sectionText).join('\n'));
}

function overview() {
  const files = profileNames().map((name) => line(name, openProfile(name).title));
  const loads = Object.entries(behaviours).map(([name, { doc }]) => line(name, doc));
  const common = Object.keys(sections).filter((name) => !Object.hasOwn(behaviours, name));
  return [
    'Profiles:\n',
    ...files,
    '\nLoads, each a section of a profile:\n',
    ...loads,
    `\nSections of every profile: ${common.join(', ')}\nmeerkat-bench profiles SECTION lists the options of one.\n`,
  ].join('');
}

function sectionText(name) {
  const options = Object.entries(sections[name]).map(([key, { value, values, doc }]) => {
    const choices = values === undefined ? '' : `; one of ${values.join(', ')}`;
    return `  ${`${key} = ${JSON.stringify(value)}`.padEnd(28)} ${doc}${choices}\n`;
  });
  return `[${name}]\n${options.join('')}`;
}

const line = (name, doc) => `  ${name.padEnd(11)} ${doc}\n`;
