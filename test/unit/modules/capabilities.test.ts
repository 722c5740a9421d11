import { describe, expect, it } from 'vitest';
import { verificationString } from '../../../src/modules/disco/capabilities.js';
import { DataForm } from '../../../src/protocol/data-form.js';
import { el } from '../../../src/protocol/element.js';

const features = [
  'http://jabber.org/protocol/muc',
  'http://jabber.org/protocol/disco#items',
  'http://jabber.org/protocol/caps',
  'http://jabber.org/protocol/disco#info',
].map((name) => el('feature', { var: name }));

describe('XEP-0115 section 5: the verification string', () => {
  it('section 5.2: of the simple example', () => {
    const identity = el('identity', { category: 'client', type: 'pc', name: 'Exodus 0.9.1' });
    expect(verificationString([identity, ...features])).toBe('QgayPKawpkPSDYmwT/WM94uAlu0=');
  });

  it('section 5.3: of the example with languages and a form', () => {
    const identities = [
      el('identity', { 'xml:lang': 'el', category: 'client', name: 'Ψ 0.11', type: 'pc' }),
      el('identity', { 'xml:lang': 'en', category: 'client', name: 'Psi 0.11', type: 'pc' }),
    ];
    const form = new DataForm('result', {
      formType: 'urn:xmpp:dataforms:softwareinfo',
      fields: [
        { name: 'ip_version', values: ['ipv6', 'ipv4'] },
        { name: 'os', values: ['Mac'] },
        { name: 'os_version', values: ['10.5.1'] },
        { name: 'software', values: ['Psi'] },
        { name: 'software_version', values: ['0.11'] },
      ],
    }).toElement();
    expect(verificationString([form, ...features, ...identities])).toBe('q07IKJEyjvHSyhy//CH0CxmKi8w=');
  });
});
