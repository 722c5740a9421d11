import { mkdtempSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from 'vitest';
import { publicFields } from '../../../src/platform/log/fields.js';
import { humanLine } from '../../../src/platform/log/human.js';
import { isLogLevel, joinLog, type LogLevel, logLevels, openLog } from '../../../src/platform/log.js';
import { Jid } from '../../../src/protocol/jid.js';

function logFile(level: LogLevel) {
  const file = join(mkdtempSync(join(tmpdir(), 'meerkat-log-')), 'sub', 'meerkat.log');
  const log = openLog({ level, output: { file } });
  const entries = () =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, file, entries };
}

describe('a log', () => {
  test('writes one JSON object per line with when, level, what and the fields', () => {
    const { log, entries } = logFile('info');
    log.warn('s2s.dialback.refused', { domain: 'example.org' });

    expect(entries()).toEqual([
      {
        level: 'warning',
        when: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        what: 's2s.dialback.refused',
        domain: 'example.org',
      },
    ]);
  });

  test.each(logLevels.map((level, index) => [level, index] as const))(
    'at level %s writes what is as urgent',
    (level, index) => {
      const { log, entries } = logFile(level);
      log.emergency('emergency');
      log.alert('alert');
      log.critical('critical');
      log.error('error');
      log.warn('warning');
      log.notice('notice');
      log.info('info');
      log.debug('debug');

      expect(entries().map(({ what }) => what)).toEqual(logLevels.slice(1, Math.min(index, 8) + 1));
    },
  );

  test('follows a change of the level in children and in other threads', () => {
    const { log, entries } = logFile('error');
    const child = log.child({ module: 'mod_last' });
    // Another thread does the same with what was posted to it.
    const joined = joinLog(structuredClone(log.share()));

    child.info('too quiet');
    joined.info('too quiet');
    joined.setLevel('info');
    child.info('from the child');
    joined.info('from the other');

    expect(log.level).toBe('info');
    expect(entries().map(({ what, module }) => [what, module])).toEqual([
      ['from the child', 'mod_last'],
      ['from the other', undefined],
    ]);
    expect([child.isOn('info'), child.isOn('debug')]).toEqual([true, false]);
  });

  test('costs less than 100 ns for an entry below the level', () => {
    const { log } = logFile('info');
    const fields = { jid: 'alice@localhost' };
    const rounds = 1_000_000;
    for (let i = 0; i < rounds; i++) log.debug('stanza.routed', fields);
    const start = performance.now();
    for (let i = 0; i < rounds; i++) log.debug('stanza.routed', fields);
    expect(((performance.now() - start) * 1e6) / rounds).toBeLessThan(100);
  });

  test('knows its level names', () => {
    expect([isLogLevel('all'), isLogLevel('warn'), isLogLevel('')]).toEqual([true, false, false]);
  });
});

describe('fields of an entry', () => {
  test.each(['password', 'newPassword', 'PASSWORD', 'access_token', 'client-secret', 'stored_key', 'apiKey'])(
    'never show a secret: %s',
    (name) => {
      expect(publicFields({ [name]: 'hunter2' })).toEqual({ [name]: '[secret]' });
      expect(publicFields({ pool: { [name]: 'hunter2' } })).toEqual({ pool: { [name]: '[secret]' } });
    },
  );

  test.each(['body', 'subject', 'exml_packet'])('never show what people wrote: %s', (name) => {
    expect(publicFields({ [name]: 'Wherefore art thou' })).toEqual({ [name]: '[withheld]' });
  });

  test('show addresses, dates, large numbers and errors as text', () => {
    const error = Object.assign(new Error('no route', { cause: new Error('down') }), { code: 'ENOROUTE' });
    const fields = publicFields({
      jid: Jid.of('alice', 'localhost', 'r'),
      at: new Date(0),
      big: 2n ** 60n,
      error,
      none: undefined,
    });

    expect(fields).toMatchObject({
      jid: 'alice@localhost/r',
      at: '1970-01-01T00:00:00.000Z',
      big: '1152921504606846976',
      error: {
        type: 'Error',
        message: 'no route',
        code: 'ENOROUTE',
        stack: expect.any(String),
        cause: { message: 'down' },
      },
    });
    expect(fields).not.toHaveProperty('none');
  });

  test('keep objects of unknown classes, functions and bytes to themselves', () => {
    class Stanza {
      readonly text = 'private';
    }
    expect(publicFields({ a: new Stanza(), b: () => 1, c: new Uint8Array(3) })).toEqual({
      a: '[Stanza]',
      b: '[function]',
      c: '[3 bytes]',
    });
  });

  test('cut long texts and lists, and stop at cycles', () => {
    const loop: Record<string, unknown> = {};
    loop['loop'] = loop;
    const fields = publicFields({ text: 'x'.repeat(10_000), list: Array.from({ length: 1000 }, (_, i) => i), loop });
    expect(JSON.stringify(fields).length).toBeLessThan(1000);
  });
});

describe('a line for people', () => {
  const line = (fields: object) =>
    stripVTControlCharacters(humanLine({ when: '2030-01-01T00:00:00.000Z', level: 'info', what: 'event', ...fields }));

  test('shows time, level, event and fields', () => {
    expect(line({ a: 1, b: 'two words', c: 'x' })).toMatch(/^\d\d:\d\d:\d\d info {5}event a=1 b="two words" c=x\n$/);
  });

  test('does not let a peer move the cursor or begin a line of its own', () => {
    const shown = humanLine({ when: 0, level: 'info', what: 'e', ip: '\u001b[2J\nfake\u202e' });
    expect(stripVTControlCharacters(shown)).toContain('\\u001b');
    expect(shown.split('\n')).toHaveLength(2);
    expect(shown).not.toContain('\u202e');
  });

  test('puts the frames of an error below it', () => {
    expect(line({ error: { message: 'bad', stack: 'Error: bad\n    at f (x.js:1:1)' } })).toMatch(
      /error=bad\n +at f \(x\.js:1:1\)\n$/,
    );
  });
});
