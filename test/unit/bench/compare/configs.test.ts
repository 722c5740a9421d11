import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { config, filledIn } from '../../../../bench/compare/configs.mjs';
import { librariesOf } from '../../../../bench/compare/ejabberd.mjs';
import { serverNamed, servers } from '../../../../bench/compare/servers.mjs';

const FILES = readdirSync(fileURLToPath(new URL('../../../../bench/compare/configs', import.meta.url)));

describe('places of a configuration', () => {
  test('are filled in, each as often as it stands there', () => {
    expect(filledIn('port = @port@ # @port@, someone@host', { port: 5222 })).toBe('port = 5222 # 5222, someone@host');
  });

  test('without a value, and values without a place, are refused', () => {
    expect(() => filledIn('@port@', {})).toThrow('nothing is known for @port@');
    expect(() => filledIn('', { port: 1 })).toThrow('there is no place for port');
  });
});

describe('the configurations', () => {
  const texts = {
    meerkat: config('meerkat.toml', { port: 5_222, shards: 1, tls: '' }),
    ejabberd: config('ejabberd.yml', { port: 5_222, tls: false, certificates: '[]' }),
    prosody: config('prosody.cfg.lua', { directory: '/somewhere', plainPort: 5_222, tlsPort: '', ssl: '' }),
  };

  test('are all there is', () => expect(FILES).toHaveLength(Object.keys(texts).length));

  test.each(Object.entries(texts))('%s: listens on this machine alone, without limits on bytes', (_, text) => {
    expect(text).toContain('5222');
    expect(text).toContain('127.0.0.1');
    expect(text).not.toMatch(/0\.0\.0\.0|"::"|^\s*shaper: (?!none)|"limits";/m);
  });

  test.each(Object.entries(texts))('%s: stores passwords alike', (_, text) =>
    expect(text).toMatch(/scram_iterations = 4096|auth_scram_hash: sha\n|default_iteration_count = 4096/),
  );

  // Name in Meerkat's file, in ejabberd's, in Prosody's; `undefined` where the server does it without being told.
  test.each([
    ['mod_roster', 'mod_roster', '"roster"'],
    ['mod_presence', undefined, undefined],
    ['mod_carboncopy', 'mod_carboncopy', '"carbons"'],
    ['mod_offline', 'mod_offline', undefined],
    ['mod_stream_management', 'mod_stream_mgmt', '"smacks"'],
    ['mod_disco', 'mod_disco', '"disco"'],
    ['mod_last', 'mod_last', '"lastactivity"'],
    ['mod_ping', 'mod_ping', '"ping"'],
    ['mod_private', 'mod_private', '"private"'],
    ['mod_register', 'mod_register', '"register"'],
    ['mod_time', 'mod_time', '"time"'],
    ['mod_vcard', 'mod_vcard', '"vcard"'],
    ['mod_version', 'mod_version', '"version"'],
  ])('%s is on everywhere', (ours, ejabberds, prosodys) => {
    expect(texts.meerkat).toContain(`[modules.${ours}]`);
    if (ejabberds !== undefined) expect(texts.ejabberd).toContain(`  ${ejabberds}:`);
    if (prosodys !== undefined) expect(texts.prosody).toContain(`\t${prosodys};`);
  });

  test('no module is on with one alone', () => {
    expect(texts.meerkat.match(/^\[modules\./gm)).toHaveLength(13);
    expect(texts.ejabberd.match(/^ {2}mod_\w+:/gm)).toHaveLength(12);
    // `saslauth` and `tls` are what the others have built in.
    expect(texts.prosody.match(/^\t"\w+";/gm)).toHaveLength(13);
  });

  test.each([['scram_iterations'], ['backlog']])('Meerkat’s file tells why %s is what it is', (name) => {
    const lines = texts.meerkat.split('\n');
    expect(lines[lines.findIndex((line: string) => line.includes(`${name} =`)) - 1]).toMatch(/^ *# /);
  });
});

test('ejabberd’s libraries are where its package’s script says', () => {
  expect(librariesOf("ERL='/usr/bin/erl'\nERL_LIBS='/usr/lib/some-linux-gnu'\nexport ERL_LIBS\n")).toBe(
    '/usr/lib/some-linux-gnu',
  );
});

test('every server has a name of its own, and says how it is had', () => {
  expect(servers.map(({ name }: { name: string }) => name)).toEqual(['meerkat', 'ejabberd', 'prosody', 'floor']);
  for (const { name, howToGet, notes } of servers) {
    expect([howToGet, ...notes].every((text) => text.length > 5)).toBe(true);
    expect(serverNamed(name)?.name).toBe(name);
  }
});
