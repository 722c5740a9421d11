import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { filesBelow, isGenerated, read, root } from './files.js';

const TEXTS = [
  '.ts',
  '.mjs',
  '.js',
  '.cc',
  '.h',
  '.md',
  '.json',
  '.toml',
  '.gyp',
  '.yml',
  '.sh',
  '.py',
  '.sql',
  '.npmrc',
  'run',
];

/** Places that exist for some of us only. */
const FORBIDDEN = [
  /registry\.(?:npmjs|yarnpkg)\.(?:org|com)/,
  /\b(?:deb|security|ftp)\.debian\.org/,
  /(?:^|[\s'"`(=])\/(?:work|root|home|Users)\/[\w.]/,
];

test('no file names a package registry or a path of somebody’s machine', () => {
  const found = filesBelow('.', TEXTS).flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) => (FORBIDDEN.some((pattern) => pattern.test(line)) ? [`${file}:${index + 1}`] : [])),
  );
  expect(found).toEqual([]);
});

test('every source file opens with a sentence on what it is responsible for', () => {
  const silent = ['src', 'web']
    .flatMap((folder) => filesBelow(folder, ['.ts']))
    .filter((file) => {
      const text = read(file).replace(/^#!.*\n/, '');
      const [, sentence] = /^\/\*\*\s*([\s\S]*?)\*\/|^\/\/ (.*)/.exec(text) ?? [];
      return (sentence ?? (text.startsWith('//') ? text : '')).trim().length < 15;
    });
  expect(silent.filter((file) => !isGenerated(file))).toEqual([]);
});

test('the page of the browser makes no markup from text, and keeps no secret', () => {
  const risky =
    /\b(?:innerHTML|outerHTML|insertAdjacentHTML|document\.write|createContextualFragment|eval|new Function)\b/;
  const found = filesBelow('web', ['.ts']).flatMap((file) =>
    read(file)
      .split('\n')
      .flatMap((line, index) =>
        risky.test(line) || /(?:local|session)Storage\..*(?:password|secret)/i.test(line)
          ? [`${file}:${index + 1}`]
          : [],
      ),
  );
  expect(found).toEqual([]);
});

test('every link between documents leads somewhere', () => {
  const dead = filesBelow('.', ['.md']).flatMap((file) => {
    const links = [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)/g)].map((match) => match[1]!);
    return links.filter((link) => !/^(?:[a-z]+:|#)/.test(link) && !leads(file, link)).map((link) => `${file}: ${link}`);
  });
  expect(dead).toEqual([]);
});

test('every file that a document names in backticks by its path is there', () => {
  const paths = /`((?:src|web|native|test|scripts|docs|bench|bin)\/[\w./-]*[\w])`/g;
  const dead = filesBelow('.', ['.md'])
    .filter((file) => file !== 'CHANGELOG.md')
    .flatMap((file) =>
      [...withoutCode(read(file)).matchAll(paths)]
        .filter((match) => !existsSync(join(root, match[1]!)))
        .map((match) => `${file}: ${match[1]}`),
    );
  expect(dead).toEqual([]);
});

function withoutCode(markdown: string): string {
  return markdown.replace(/^```[\s\S]*?^```/gm, '');
}

function leads(file: string, link: string): boolean {
  const [path, anchor] = link.split('#');
  const target = path === '' ? file : join(dirname(file), decodeURIComponent(path!));
  if (!existsSync(join(root, target))) return false;
  if (!anchor || !target.endsWith('.md')) return true;
  const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map((match) => anchorOf(match[1]!));
  return headings.includes(anchor);
}

/** As code forges make them from headings. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replace(/\s/g, '-');
}
