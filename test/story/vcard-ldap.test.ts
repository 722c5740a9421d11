/** XEP-0054, XEP-0055 and XEP-0153 with people who are in an LDAP directory (modules.mod_vcard.backend = "ldap"). */
import { createHash } from 'node:crypto';
import type { Element } from 'ltx';
import { afterAll, describe, expect, it } from 'vitest';
import { person, ROOT_DN, ROOT_PASSWORD, SUFFIX, TestSlapd } from '../support/slapd.js';
import { Actor } from '../support/story/actor.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { befriend } from '../support/story/story.js';

const SEARCH = 'jabber:iq:search';
const PHOTO = Buffer.from([0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3, 0x80, 0xff]);

const slapd = await TestSlapd.start(
  [
    person('alice', {
      displayName: 'Alice Liddell',
      givenName: 'Alice',
      sn: 'Liddell',
      initials: 'P',
      mail: 'alice@wonder.example',
      o: 'Wonderland & Co',
      ou: 'Tea <party>',
      l: 'Oxford',
      st: 'Oxon',
      street: 'St Aldates 1',
      postalCode: 'OX1',
      title: 'Miss',
      labeledURI: 'https://wonder.example/',
      description: 'curious',
      telephoneNumber: '+44 1',
      employeeType: 'guest',
      'jpegPhoto:': PHOTO.toString('base64'),
    }),
    person('bob', { displayName: 'Bob *)(uid=*', givenName: 'Bob', sn: 'Liddell', mail: 'bob@wonder.example' }),
    person('carol', { displayName: 'Carol', givenName: 'Carol', sn: 'Liddell', employeeType: 'hidden' }),
    person('nobody', { displayName: 'Has no account', sn: 'Liddell' }),
    ...[1, 2, 3].map((number) => person(`twin${number}`, { displayName: `Twin ${number}`, sn: 'Dum' })),
  ].join(''),
);
const isThere = typeof slapd !== 'string';
const directory = slapd as TestSlapd;

function config(engine: Engine): string {
  const rest = `
[modules.mod_disco]
[outgoing_pools.ldap.people]
  workers = 3
  call_timeout = 20_000
  [outgoing_pools.ldap.people.connection]
    port = ${directory.tlsPort}
    servers = ["127.0.0.1"]
    root_dn = "${ROOT_DN}"
    password = "${ROOT_PASSWORD}"
    connect_interval = 200
    tls.cacertfile = "${directory.certificateFile('cert.pem')}"
    tls.server_name_indication.host = "ldap.example"
[modules.mod_vcard]
  backend = "ldap"
  matches = 5
  [modules.mod_vcard.ldap]
    pool_tag = "people"
    base = "${SUFFIX}"
    filter = "(!(employeeType=hidden))"
`;
  return ownConfig({ engine, shards: 2, rest });
}

function account(username: string) {
  return { username, domain: 'localhost', password: 'secret' };
}

/** Registers them where they are new, and logs them in. */
async function people<N extends string>(port: number, ...names: readonly N[]): Promise<Record<N, Actor>> {
  const actors = await Promise.all(
    names.map(async (name) => {
      const actor = await Actor.join(port, account(name)).catch(() => Actor.login(port, account(name)));
      return [name, actor] as const;
    }),
  );
  return Object.fromEntries(actors) as Record<N, Actor>;
}

function getCard(actor: Actor, to: string): Promise<Element> {
  return actor.asks(`<iq type='get' to='${to}'><vCard xmlns='vcard-temp'/></iq>`);
}

function submit(actor: Actor, fields: Readonly<Record<string, string>>): Promise<Element> {
  const form = Object.entries(fields).map(
    ([name, value]) => `<field var='${name}'><value>${value.replaceAll('&', '&amp;')}</value></field>`,
  );
  return actor.asks(
    `<iq type='set' to='vjud.localhost'><query xmlns='${SEARCH}'><x xmlns='jabber:x:data' type='submit'>${form.join('')}</x></query></iq>`,
  );
}

/** The rows of a result, by the names of their columns. */
function rows(answer: Element): Record<string, string>[] {
  const form = answer.getChild('query', SEARCH)?.getChild('x', 'jabber:x:data');
  expect(form?.attrs['type'], answer.toString()).toBe('result');
  return (form?.getChildren('item') ?? []).map((item) =>
    Object.fromEntries(
      item.getChildren('field').map((field) => [field.attrs['var'], field.getChildText('value') ?? '']),
    ),
  );
}

async function found(actor: Actor, fields: Readonly<Record<string, string>>): Promise<(string | undefined)[]> {
  return rows(await submit(actor, fields)).map(({ jid }) => jid?.replace('@localhost', ''));
}

function conditionOf(answer: Element): string | undefined {
  return answer.getChild('error')?.getChildElements()[0]?.getName();
}

describe.skipIf(!isThere)(isThere ? 'OpenLDAP' : `OpenLDAP, not run because it cannot start: ${slapd}`, () => {
  afterAll(() => directory.stop());

  onBothEngines('vCards from a directory', config, (server) => {
    it('XEP-0054 section 3.1: the card is made from the entry, by the map', async () => {
      const { alice, bob } = await people(server().port, 'alice', 'bob');
      const vcard = (await getCard(bob, 'alice@localhost')).getChild('vCard', 'vcard-temp');
      expect(vcard?.toString()).toBe(
        "<vCard xmlns='vcard-temp'><FN>Alice Liddell</FN><NICKNAME>alice</NICKNAME><TITLE>Miss</TITLE><ROLE>guest</ROLE>".replaceAll(
          "'",
          '"',
        ) +
          '<URL>https://wonder.example/</URL><DESC>curious</DESC><N><FAMILY>Liddell</FAMILY><GIVEN>Alice</GIVEN><MIDDLE>P</MIDDLE></N>' +
          '<ADR><STREET>St Aldates 1</STREET><LOCALITY>Oxford</LOCALITY><REGION>Oxon</REGION><PCODE>OX1</PCODE></ADR>' +
          '<ORG><ORGNAME>Wonderland &amp; Co</ORGNAME><ORGUNIT>Tea &lt;party&gt;</ORGUNIT></ORG>' +
          '<TEL><VOICE/><WORK/><NUMBER>+44 1</NUMBER></TEL><EMAIL><INTERNET/><PREF/><USERID>alice@wonder.example</USERID></EMAIL>' +
          `<PHOTO><TYPE>image/jpeg</TYPE><BINVAL>${PHOTO.toString('base64')}</BINVAL></PHOTO></vCard>`,
      );
      const own = (await alice.asks("<iq type='get'><vCard xmlns='vcard-temp'/></iq>")).getChild('vCard');
      expect(own?.getChildText('FN')).toBe('Alice Liddell');
      alice.vanish();
      bob.vanish();
    });

    it('who is in the directory alone, in the accounts alone, or is filtered out has none', async () => {
      const { alice, carol, dave } = await people(server().port, 'alice', 'carol', 'dave');
      for (const to of ['nobody@localhost', 'dave@localhost', 'carol@localhost'])
        expect(conditionOf(await getCard(alice, to)), to).toBe('item-not-found');
      for (const one of [alice, carol, dave]) one.vanish();
    });

    it('nobody changes a card from here', async () => {
      const { alice } = await people(server().port, 'alice');
      const answer = await alice.asks("<iq type='set'><vCard xmlns='vcard-temp'><FN>x</FN></vCard></iq>");
      expect(conditionOf(answer)).toBe('not-allowed');
      alice.vanish();
    });

    it('XEP-0055: the form has the search fields, and finds those who have an account', async () => {
      const { alice, bob, carol } = await people(server().port, 'alice', 'bob', 'carol');
      const query = (await alice.asks(`<iq type='get' to='vjud.localhost'><query xmlns='${SEARCH}'/></iq>`)).getChild(
        'query',
        SEARCH,
      );
      const names = query
        ?.getChild('x', 'jabber:x:data')
        ?.getChildren('field')
        .map(({ attrs }) => attrs['var']);
      expect(names).toEqual([
        'FORM_TYPE',
        '%u',
        'displayName',
        'givenName',
        'initials',
        'sn',
        'birthDay',
        'c',
        'l',
        'mail',
        'o',
        'ou',
      ]);
      expect(await found(bob, { sn: 'liddell' })).toEqual(['alice', 'bob']);
      expect(await found(bob, { sn: 'Liddell', givenName: 'Alice' })).toEqual(['alice']);
      expect(await found(bob, { '%u': 'lic' })).toEqual(['alice']);
      expect(await found(bob, { displayName: '*lice*ell' })).toEqual(['alice']);
      expect(await found(bob, { displayName: 'lice' })).toEqual([]);
      expect(await found(bob, { userPassword: '*' })).toEqual([]);
      const [row] = rows(await submit(bob, { givenName: 'Alice' }));
      expect(row).toMatchObject({
        FN: 'Alice Liddell',
        FIRST: 'Alice',
        LAST: 'Liddell',
        NICK: 'alice',
        LOCALITY: 'Oxford',
      });
      const plain = await bob.asks(
        `<iq type='set' to='vjud.localhost'><query xmlns='${SEARCH}'><last>liddell</last><first>a*</first></query></iq>`,
      );
      const items = plain.getChild('query', SEARCH)?.getChildren('item') ?? [];
      expect(items.map(({ attrs }) => attrs['jid'])).toEqual(['alice@localhost']);
      expect(items[0]?.getChildText('email')).toBe('alice@wonder.example');
      for (const one of [alice, bob, carol]) one.vanish();
    });

    it('what is typed into the form is never a part of the filter', async () => {
      const { alice, bob } = await people(server().port, 'alice', 'bob');
      expect(await found(alice, { displayName: 'Bob *)(uid=*' })).toEqual(['bob']);
      for (const value of [
        '*)(uid=*',
        'x)(|(uid=*',
        '*))(|(uid=*)',
        '\\2a',
        'Alice Liddell)(uid=bob',
        '%u',
        '(',
        ')',
        '\\',
      ])
        for (const field of ['givenName', '%u', 'mail'])
          expect(await found(alice, { [field]: value }), value).toEqual([]);
      alice.vanish();
      bob.vanish();
    });

    it('no more than `matches` are found', async () => {
      const { alice, twin1, twin2, twin3 } = await people(server().port, 'alice', 'twin1', 'twin2', 'twin3');
      expect(await found(alice, { sn: 'Dum' })).toEqual(['twin1', 'twin2', 'twin3']);
      expect((await found(alice, { displayName: '*' })).length).toBeLessThanOrEqual(5);
      for (const one of [alice, twin1, twin2, twin3]) one.vanish();
    });

    it('XEP-0153: contacts see the photo of the directory', async () => {
      const { alice, bob } = await people(server().port, 'alice', 'bob');
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      alice.send('<presence><status>here</status></presence>');
      const hash = createHash('sha1').update(PHOTO).digest('hex');
      await bob.receives(
        `<presence from='${alice.jid}'><x xmlns='vcard-temp:x:update'><photo>${hash}</photo></x></presence>`,
      );
      alice.vanish();
      bob.vanish();
    });

    it('without the directory: an error, one entry in the log, and all is well when it is back', async () => {
      const { alice } = await people(server().port, 'alice');
      expect(conditionOf(await getCard(alice, 'alice@localhost'))).toBeUndefined();
      await directory.suspend();
      try {
        for (let count = 0; count < 3; count++) {
          expect(conditionOf(await getCard(alice, 'alice@localhost'))).toBe('internal-server-error');
          expect(conditionOf(await submit(alice, { sn: 'x' }))).toBe('internal-server-error');
        }
        const { bob } = await people(server().port, 'bob');
        bob.vanish();
      } finally {
        await directory.resume();
      }
      await eventually(async () => conditionOf(await getCard(alice, 'alice@localhost')) === undefined);
      // Each shard that was asked tells of it once.
      const lost = server()
        .output()
        .split('\n')
        .filter((line) => line.includes('ldap.connection.lost'));
      expect(lost.length).toBeGreaterThan(0);
      expect(lost.length).toBeLessThanOrEqual(2);
      expect(server().output()).not.toContain('iq.failed');
      expect(server().output()).not.toContain(ROOT_PASSWORD);
      alice.vanish();
    });
  });
});
