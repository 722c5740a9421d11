/** XEP-0115 section 5 and XEP-0390 section 4: hashes of what an entity says about itself. */
import { describe, expect, it } from 'vitest';
import { checkedCapabilities } from '../../../src/modules/caps/capabilities.js';
import { capabilityHash, hashInput, hashNode } from '../../../src/modules/caps/capability-hash.js';
import { offerOf } from '../../../src/modules/caps/offer.js';
import { verifiable, verificationString } from '../../../src/modules/caps/verification-string.js';
import { DataForm } from '../../../src/protocol/data-form.js';
import { type Element, el } from '../../../src/protocol/element.js';
import { ns } from '../../../src/protocol/namespaces.js';

function identity(attrs: Record<string, string>): Element {
  return el('identity', { xmlns: ns.DISCO_INFO, ...attrs });
}

function feature(name: string): Element {
  return el('feature', { xmlns: ns.DISCO_INFO, var: name });
}

function softwareInfo(fields: Record<string, readonly string[]>): Element {
  const content = Object.entries(fields).map(([name, values]) => ({ name, values }));
  return new DataForm('result', { formType: 'urn:xmpp:dataforms:softwareinfo', fields: content }).toElement();
}

const exodus = [
  identity({ category: 'client', type: 'pc', name: 'Exodus 0.9.1' }),
  ...['muc', 'disco#items', 'caps', 'disco#info'].map((name) => feature(`http://jabber.org/protocol/${name}`)),
];
const EXODUS = 'QgayPKawpkPSDYmwT/WM94uAlu0=';

describe('XEP-0115 section 5: the verification string', () => {
  it('section 5.2: of the simple example', () => {
    expect(verificationString(exodus)).toBe(EXODUS);
  });

  it('section 5.3: of the example with languages and a form', () => {
    const identities = [
      identity({ 'xml:lang': 'el', category: 'client', name: 'Ψ 0.11', type: 'pc' }),
      identity({ 'xml:lang': 'en', category: 'client', name: 'Psi 0.11', type: 'pc' }),
    ];
    const form = softwareInfo({
      ip_version: ['ipv6', 'ipv4'],
      os: ['Mac'],
      os_version: ['10.5.1'],
      software: ['Psi'],
      software_version: ['0.11'],
    });
    const info = [form, ...exodus.slice(1), ...identities];
    expect(verificationString(info)).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=');
    expect(verifiable(info)).toHaveLength(info.length);
  });

  it('section 5.4: an answer with anything twice is ill-formed', () => {
    expect(verifiable(exodus)).toEqual(exodus);
    for (const one of exodus) expect(verifiable([...exodus, one.clone()])).toBeUndefined();
    const form = softwareInfo({ os: ['Mac'] });
    expect(verifiable([...exodus, form, form.clone()])).toBeUndefined();
  });

  it('section 5.4: a FORM_TYPE with two values is ill-formed; a form without one, or with one that shows, is ignored', () => {
    const form = (attrs: Record<string, string>, ...values: string[]) =>
      el(
        'x',
        { xmlns: ns.DATA_FORMS, type: 'result' },
        el(
          'field',
          attrs,
          values.map((value) => el('value', {}, value)),
        ),
      );
    expect(verifiable([...exodus, form({ var: 'FORM_TYPE', type: 'hidden' }, 'urn:a', 'urn:b')])).toBeUndefined();
    expect(verifiable([...exodus, form({ var: 'FORM_TYPE' }, 'urn:a')])).toEqual(exodus);
    expect(verifiable([...exodus, form({ var: 'os' }, 'Mac')])).toEqual(exodus);
  });

  it('section 9.3: a text cannot stand for several, so that a feature hides in none', () => {
    const joined = [
      identity({ category: 'client', type: 'pc', name: 'Exodus 0.9.1<http://jabber.org/protocol/caps' }),
      ...exodus.slice(1).filter(({ attrs }) => attrs['var'] !== 'http://jabber.org/protocol/caps'),
    ];
    expect(verificationString(joined)).toBe(EXODUS);
    expect(verifiable(joined)).toBeUndefined();
  });
});

/** XEP-0390 section 4.5.1. */
const bombus = [
  identity({ category: 'client', name: 'BombusMod', type: 'mobile' }),
  ...[
    'http://jabber.org/protocol/si',
    'http://jabber.org/protocol/bytestreams',
    'http://jabber.org/protocol/chatstates',
    'http://jabber.org/protocol/disco#info',
    'http://jabber.org/protocol/disco#items',
    'urn:xmpp:ping',
    'jabber:iq:time',
    'jabber:iq:privacy',
    'jabber:iq:version',
    'http://jabber.org/protocol/rosterx',
    'urn:xmpp:time',
    'jabber:x:oob',
    'http://jabber.org/protocol/ibb',
    'http://jabber.org/protocol/si/profile/file-transfer',
    'urn:xmpp:receipts',
    'jabber:iq:roster',
    'jabber:iq:last',
  ].map(feature),
];

/** XEP-0390 section 4.5.2. */
const tkabber = [
  identity({ category: 'client', name: 'Tkabber', type: 'pc', 'xml:lang': 'en' }),
  identity({ category: 'client', name: 'Ткаббер', type: 'pc', 'xml:lang': 'ru' }),
  ...[
    'games:board',
    ...[
      'activity',
      'activity+notify',
      'bytestreams',
      'chatstates',
      'commands',
      'disco#info',
      'disco#items',
      'evil',
    ].map((name) => `http://jabber.org/protocol/${name}`),
    ...['feature-neg', 'geoloc', 'geoloc+notify', 'ibb', 'iqibb', 'mood', 'mood+notify', 'rosterx', 'si', 'tune'].map(
      (name) => `http://jabber.org/protocol/${name}`,
    ),
    'http://jabber.org/protocol/si/profile/file-transfer',
    'http://www.facebook.com/xmpp/messages',
    'http://www.xmpp.org/extensions/xep-0084.html#ns-metadata+notify',
    ...['avatar', 'browse', 'dtcp', 'filexfer', 'ibb', 'inband', 'jidlink', 'last', 'oob', 'privacy', 'roster'].map(
      (name) => `jabber:iq:${name}`,
    ),
    'jabber:iq:time',
    'jabber:iq:version',
    'jabber:x:data',
    'jabber:x:event',
    'jabber:x:oob',
    'urn:xmpp:avatar:metadata+notify',
    'urn:xmpp:ping',
    'urn:xmpp:receipts',
    'urn:xmpp:time',
  ].map(feature),
  softwareInfo({
    software: ['Tkabber'],
    software_version: ['0.11.1-svn-20111216-mod (Tcl/Tk 8.6b2)'],
    os: ['Windows'],
    os_version: ['XP'],
  }),
];

describe('XEP-0390 section 4: capability hashes', () => {
  it('section 4.5.1: of the simple example', () => {
    const input = hashInput(bombus) as string;
    expect(input.slice(-29)).toBe('\x1cclient\x1fmobile\x1f\x1fBombusMod\x1f\x1e\x1c\x1c');
    expect(capabilityHash(input, 'sha-256')).toBe('kzBZbkqJ3ADrj7v08reD1qcWUwNGHaidNUgD7nHpiw8=');
    expect(capabilityHash(input, 'sha3-256')).toBe('79mdYAfU9rEdTOcWDO7UEAt6E56SUzk/g6TnqUeuD9Q=');
  });

  it('section 4.5.2: of the example with languages and a form', () => {
    const input = hashInput(tkabber) as string;
    expect(capabilityHash(input, 'sha-256')).toBe('u79ZroNJbdSWhdSp311mddz44oHHPsEBntQ5b1jqBSY=');
    expect(capabilityHash(input, 'sha3-256')).toBe('XpUJzLAc93258sMECZ3FJpebkzuyNXDzRNwQog8eycg=');
  });

  it('section 4.1: a language that is implied counts', () => {
    const implied = [identity({ category: 'client', type: 'pc' }), feature('a')];
    const explicit = [identity({ category: 'client', type: 'pc', 'xml:lang': 'de' }), feature('a')];
    expect(hashInput(implied, 'de')).toBe(hashInput(explicit));
    expect(hashInput(implied)).not.toBe(hashInput(explicit));
  });

  it('section 4.1: other elements, tables and forms without a type have no hash', () => {
    const form = (...content: Element[]) => el('x', { xmlns: ns.DATA_FORMS, type: 'result' }, content);
    const type = el('field', { var: 'FORM_TYPE', type: 'hidden' }, el('value', {}, 'urn:a'));
    expect(hashInput([...bombus, form(type)])).toBeDefined();
    for (const more of [
      el('more', { xmlns: 'urn:test' }),
      form(),
      form(type.clone(), type.clone()),
      form(el('field', { var: 'FORM_TYPE' }, el('value', {}, 'urn:a'))),
      form(type.clone(), el('reported')),
      form(type.clone(), el('item')),
    ]) {
      expect(hashInput([...bombus, more]), more.toXml()).toBeUndefined();
    }
  });

  it('section 4.3: the node of a hash', () => {
    expect(hashNode('sha-256', 'u79ZroNJ=')).toBe('urn:xmpp:caps#sha-256.u79ZroNJ=');
  });
});

function presence(...content: Element[]): Element {
  return el('presence', { xmlns: ns.CLIENT }, content);
}

function v1(ver = EXODUS, hash = 'sha-1'): Element {
  return el('c', { xmlns: ns.CAPS, hash, node: 'urn:test:client', ver });
}

function v2(hashes: Record<string, string>): Element {
  const entries = Object.entries(hashes).map(([algo, text]) => el('hash', { xmlns: ns.HASHES, algo }, text));
  return el('c', { xmlns: ns.CAPS2 }, entries);
}

const BOTH = ['v1', 'v2'] as const;
const SHA256 = capabilityHash(hashInput(exodus) as string, 'sha-256');

describe('what a client offers', () => {
  it('XEP-0115 section 13: without `hash` it is the old format, which proves nothing', () => {
    const old = el('c', { xmlns: ns.CAPS, node: 'urn:test:client', ver: '1.0' });
    expect(offerOf(presence(old), BOTH)).toBeUndefined();
    expect(offerOf(presence(), BOTH)).toBeUndefined();
  });

  it('what is much too long is nothing', () => {
    expect(offerOf(presence(v1('x'.repeat(1_000))), BOTH)).toBeUndefined();
    expect(offerOf(presence(v2({ 'sha-256': 'x'.repeat(1_000) })), BOTH)).toBeUndefined();
  });

  it('is asked for by the version that comes first in the option', () => {
    const both = presence(v1(), v2({ md5: 'x', 'sha3-256': 'b', 'sha-256': 'a' }));
    expect(offerOf(both, BOTH)?.node).toBe(`urn:test:client#${EXODUS}`);
    expect(offerOf(both, ['v2', 'v1'])?.node).toBe('urn:xmpp:caps#sha-256.a');
    expect(offerOf(both, ['v2'])?.proofs.map(({ algorithm }) => algorithm)).toEqual(['sha-256', 'sha3-256']);
    expect(offerOf(presence(v2({ md5: 'x' })), BOTH)).toBeUndefined();
  });
});

function check(info: readonly Element[], ...content: Element[]) {
  const query = el('query', { xmlns: ns.DISCO_INFO }, [...info]);
  return checkedCapabilities(query, offerOf(presence(...content), BOTH)!, ['']);
}

describe('what a client answers', () => {
  it('is believed when it has the hash', () => {
    for (const offered of [v1(), v2({ 'sha-256': SHA256 }), v1(verificationString(exodus, 'sha-512'), 'sha-512')]) {
      expect(check(exodus, offered)).toMatchObject({ identities: [{ category: 'client', name: 'Exodus 0.9.1' }] });
    }
  });

  it('is rejected when it has another hash, is ill-formed, or is no answer', () => {
    expect(check(exodus.slice(0, -1), v1())).toBe('hash-mismatch');
    expect(check([...exodus, feature('more')], v2({ 'sha-256': SHA256 }))).toBe('hash-mismatch');
    expect(check([...exodus, exodus[1]!.clone()], v1())).toBe('ill-formed');
    const offer = offerOf(presence(v1()), BOTH)!;
    expect(checkedCapabilities(undefined, offer, [''])).toBe('not-an-answer');
    expect(checkedCapabilities(el('query', { xmlns: ns.DISCO_ITEMS }), offer, [''])).toBe('not-an-answer');
  });

  it('XEP-0390 section 7.2: where both versions are offered, the weaker proof is none', () => {
    expect(check(exodus, v1(), v2({ 'sha-256': 'another' }))).toBe('hash-mismatch');
    const both = check(exodus, v1(), v2({ 'sha-256': SHA256 }));
    expect(both).toMatchObject({ proved: new Set([`v1 sha-1 ${EXODUS}`, `v2 sha-256 ${SHA256}`]) });
    const one = check(exodus, v1('another'), v2({ 'sha-256': SHA256, 'sha3-256': 'another' }));
    expect(one).toMatchObject({ proved: new Set([`v2 sha-256 ${SHA256}`]) });
  });

  it('XEP-0115 section 5.4: with a hash function that is not known, it is believed of its sender and proves nothing', () => {
    expect(check(exodus, v1('whatever', 'md5'))).toMatchObject({ proved: new Set() });
  });

  it('is rejected when it is larger than any client', () => {
    const many = Array.from({ length: 1_001 }, (_, number) => feature(`urn:${number}`));
    expect(check(many, v1(verificationString(many)))).toBe('too-large');
    const long = [feature('x'.repeat(40_000))];
    expect(check(long, v1(verificationString(long)))).toBe('too-large');
  });
});
