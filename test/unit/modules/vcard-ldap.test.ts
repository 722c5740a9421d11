/** vCards from a directory: patterns, names of accounts, and what is asked of the directory. */
import { describe, expect, it } from 'vitest';
import type { DirectoryEntry, DirectorySearch } from '../../../src/core/directory/directory.js';
import { StorageError } from '../../../src/core/storage/index.js';
import { vcardOf } from '../../../src/modules/vcard/ldap-card.js';
import { LdapNames } from '../../../src/modules/vcard/ldap-names.js';
import { fieldValue, textOf } from '../../../src/modules/vcard/ldap-values.js';
import { LdapVcards } from '../../../src/modules/vcard/ldap-vcards.js';
import type { Found } from '../../../src/modules/vcard/vcards.js';
import type { VcardLdap } from '../../../src/platform/config/index.js';
import { type LdapFilter, octets } from '../../../src/platform/ldap-filter.js';

const alice = { local: 'alice', domain: 'localhost' };

function entry(attributes: Readonly<Record<string, string | Buffer | readonly string[]>>): DirectoryEntry {
  const values = (value: string | Buffer | readonly string[]) =>
    (Array.isArray(value) ? value : [value]).map((one) => Buffer.from(one as string));
  return {
    attributes: new Map(Object.entries(attributes).map(([name, value]) => [name.toLowerCase(), values(value)])),
  };
}

const settings: VcardLdap = {
  pool_tag: 'default',
  base: 'dc=example',
  uids: [{ attr: 'uid', format: '%u' }],
  filter: '',
  deref: 'never',
  vcard_map: [
    { vcard_field: 'NICKNAME', ldap_pattern: '%u', ldap_field: '' },
    { vcard_field: 'FN', ldap_pattern: '%s', ldap_field: 'displayName' },
    { vcard_field: 'GIVEN', ldap_pattern: '%s', ldap_field: 'givenName' },
    { vcard_field: 'PHOTO', ldap_pattern: '%s', ldap_field: 'jpegPhoto' },
  ],
  search_fields: [
    { search_field: 'User', ldap_field: '%u' },
    { search_field: 'Full Name', ldap_field: 'displayName' },
    { search_field: 'Nickname', ldap_field: '%u' },
  ],
  search_reported: [
    { search_field: 'Full Name', vcard_field: 'FN' },
    { search_field: 'Given Name', vcard_field: 'FIRST' },
    { search_field: 'Photo', vcard_field: 'PHOTO' },
    { search_field: 'Unknown', vcard_field: 'NOWHERE' },
  ],
  search_operator: 'and',
  binary_search_fields: [],
};

/** A directory that has these entries for every question, and tells what was asked. */
function vcards(more: Partial<VcardLdap>, entries: readonly DirectoryEntry[] | Error, known = ['alice', 'bob']) {
  const asked: DirectorySearch[] = [];
  const directory = {
    search: async (search: DirectorySearch) => {
      asked.push(search);
      if (entries instanceof Error) throw entries;
      return entries;
    },
  };
  const exists = async ({ local }: { local: string }) => known.includes(local);
  return { asked, vcards: new LdapVcards({ settings: { ...settings, ...more }, directory, exists }) };
}

describe('a pattern', () => {
  const filled = (ldap_pattern: string, ldap_field: string, from: DirectoryEntry) => {
    const value = fieldValue({ vcard_field: 'FN', ldap_pattern, ldap_field }, from, { local: 'ünï', domain: 'a.org' });
    return value === undefined ? undefined : textOf(value);
  };

  it.each([
    ['%s', 'cn', 'Alice'],
    ['%s <%u@%d>', 'CN', 'Alice <ünï@a.org>'],
    ['%u at %d', '', 'ünï at a.org'],
    ['%s, %s', 'cn', 'Alice, Alice'],
    ['100 %', 'cn', '100 %'],
    ['%s', 'sn', undefined],
    ['Dr. %s', 'sn', undefined],
    ['constant', 'sn', 'constant'],
  ])('%s of %s gives %s', (pattern, field, expected) => {
    expect(filled(pattern, field, entry({ cn: ['Alice', 'Alicia'] }))).toBe(expected);
  });

  it('is filled once: a value that looks like a placeholder stays what it is', () => {
    expect(filled('%s %u', 'cn', entry({ cn: '%u%d%s$&' }))).toBe('%u%d%s$& ünï');
  });

  it('gives text that XML can hold', () => {
    expect(filled('%s', 'cn', entry({ cn: Buffer.from('a\0b\x08c\ud83d\ude00\ufffe\n', 'utf8') }))).toBe('abc😀\n');
  });
});

it('a photo is told by its first bytes, and nothing empty is in the card', () => {
  const type = (image: string) =>
    vcardOf((field) => (field === 'PHOTO' ? image : undefined))
      .child('PHOTO')
      ?.childText('TYPE');
  expect(['\x89PNG\r\n\x1a\nx', 'GIF89a', '\xff\xd8\xff'].map(type)).toEqual(['image/png', 'image/gif', 'image/jpeg']);
  expect(vcardOf(() => undefined).toXml()).toBe("<vCard xmlns='vcard-temp'/>");
  expect(vcardOf((field) => (field === 'PHOTO' ? '' : undefined)).children).toEqual([]);
});

describe('the name of an account', () => {
  const names = new LdapNames({
    uids: [
      { attr: 'mail', format: '%u@%d' },
      { attr: 'uid', format: 'x.%u' },
    ],
    filter: '(memberOf=%d)',
  });

  it.each([
    [{ mail: 'Alice@LOCALHOST' }, 'Alice'],
    [{ mail: ['alice@other.example', 'al@localhost'] }, 'al'],
    [{ mail: 'alice@localhostile', uid: 'x.al' }, 'al'],
    [{ mail: 'alice@localhost.evil' }, undefined],
    [{ uid: 'xyal' }, undefined],
    [{ uid: 'x.' }, undefined],
    [{ cn: 'alice' }, undefined],
  ])('of %j is %s', (attributes, expected) => expect(names.localOf(entry(attributes), 'localhost')).toBe(expected));

  it('is put into the filter as it is, and the domain with it', () => {
    expect(names.entryOf({ local: '*)(uid=*', domain: 'localhost' })).toEqual({
      is: 'and',
      of: [
        {
          is: 'or',
          of: [
            { is: 'match', attribute: 'mail', pieces: ['*)(uid=*@localhost'] },
            { is: 'match', attribute: 'uid', pieces: ['x.*)(uid=*'] },
          ],
        },
        { is: 'match', attribute: 'memberOf', pieces: ['localhost'] },
      ],
    });
  });

  it('is found by a part of it', () => {
    const [mail, uid] = (names.named('a*b', 'localhost') as Extract<LdapFilter, { is: 'and' | 'or' }>).of;
    expect(mail).toEqual({ is: 'match', attribute: 'mail', pieces: ['', 'a', 'b', '@localhost'] });
    expect(uid).toEqual({ is: 'match', attribute: 'uid', pieces: ['x.', 'a', 'b', ''] });
  });
});

describe('a search', () => {
  const found = [
    entry({ uid: 'bob', displayName: 'Bob' }),
    entry({ uid: 'Alice', displayName: 'Alice', givenName: 'Al', jpegPhoto: Buffer.from([0xff, 0]) }),
    entry({ uid: 'alice', displayName: 'Alice again' }),
    entry({ uid: 'carol' }),
    entry({ uid: 'a/b@c' }),
    entry({ displayName: 'no name' }),
  ];
  const ask = new Map([['displayName', 'a*']]);

  it('finds accounts that are there, each once, in the order of their names', async () => {
    const rows = await vcards({}, found).vcards.search('localhost', ask, 30);
    expect((rows as readonly Found[]).map(({ account }) => account.local)).toEqual(['alice', 'bob']);
  });

  it('gives the columns, those in Base64 by either name', async () => {
    const columns = async (binary_search_fields: string[]) => {
      const rows = await vcards({ binary_search_fields }, [found[1] as DirectoryEntry]).vcards.search(
        'localhost',
        ask,
        30,
      );
      return (rows as readonly Found[])[0]?.values;
    };
    expect(await columns(['PHOTO'])).toEqual({ FN: 'Alice', FIRST: 'Al', PHOTO: '/wA=', NOWHERE: '' });
    expect(await columns(['Photo', 'FN'])).toMatchObject({ FN: 'QWxpY2U=', PHOTO: '/wA=' });
  });

  it.each(['and', 'or'] as const)('joins conditions by %s', async (search_operator) => {
    const { vcards: source, asked } = vcards({ search_operator, filter: '(a=b)' }, []);
    await source.search(
      'localhost',
      new Map([
        ['%u', 'x'],
        ['displayName', 'ä*'],
      ]),
      7,
    );
    expect(asked).toEqual([
      {
        base: 'dc=example',
        deref: 'never',
        limit: 7,
        attributes: ['uid', 'displayName', 'givenName', 'jpegPhoto'],
        filter: {
          is: 'and',
          of: [
            {
              is: 'and',
              of: [
                { is: 'match', attribute: 'uid', pieces: ['', ''] },
                { is: 'match', attribute: 'a', pieces: ['b'] },
              ],
            },
            {
              is: search_operator,
              of: [
                { is: 'match', attribute: 'uid', pieces: ['', 'x', ''] },
                { is: 'match', attribute: 'displayName', pieces: [octets('ä'), ''] },
              ],
            },
          ],
        },
      },
    ]);
  });

  it('for none at all does not ask', async () => {
    const { vcards: source, asked } = vcards({}, found);
    expect(await source.search('localhost', ask, 0)).toEqual([]);
    expect(asked).toEqual([]);
  });

  it('has each field once, and plain names for those that are fields', () => {
    const { vcards: source } = vcards({}, []);
    expect(source.fields.map(({ name }) => name)).toEqual(['%u', 'displayName']);
    expect(source.plain).toEqual({ nick: '%u' });
  });
});

describe('a vCard', () => {
  it('is asked for with what the map needs', async () => {
    const { vcards: source, asked } = vcards({}, [entry({ uid: 'alice', displayName: 'A & B' })]);
    expect(await source.get(alice)).toBe(
      "<vCard xmlns='vcard-temp'><FN>A &amp; B</FN><NICKNAME>alice</NICKNAME></vCard>",
    );
    expect(asked[0]).toMatchObject({ limit: 1, attributes: ['uid', 'displayName', 'givenName', 'jpegPhoto'] });
  });

  it('of nobody is not asked for', async () => {
    const { vcards: source, asked } = vcards({}, [entry({ uid: 'eve' })]);
    expect(await source.get({ ...alice, local: 'eve' })).toBeUndefined();
    expect(asked).toEqual([]);
  });

  it.each([
    ['timeout', 'remote-server-timeout'],
    ['overloaded', 'resource-constraint'],
  ] as const)('%s of the directory is %s', async (code, condition) => {
    const { vcards: source } = vcards({}, new StorageError(code, 'x'));
    expect(await source.get(alice)).toMatchObject({ condition, type: 'wait' });
    expect(await source.search('localhost', new Map([['%u', 'a']]), 1)).toMatchObject({ condition, type: 'wait' });
  });

  it('what else goes wrong is thrown', async () => {
    await expect(vcards({}, new StorageError('unavailable', 'x')).vcards.get(alice)).rejects.toThrow(StorageError);
  });
});
