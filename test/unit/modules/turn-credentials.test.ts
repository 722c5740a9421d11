/** XEP-0215 section 3.3: credentials that a TURN server with the same secret accepts. */
import { expect, it } from 'vitest';
import { serviceElement } from '../../../src/modules/extdisco/services.js';
import { turnCredentials } from '../../../src/modules/extdisco/turn-credentials.js';
import { Jid } from '../../../src/protocol/jid.js';

// printf %s 10000:dummy_user@example.org | openssl dgst -sha1 -hmac secret123 -binary | openssl base64
it('draft-uberti-behave-turn-rest-00 section 2.2: the password is the HMAC-SHA1 of the name, which begins with the end of both', () => {
  expect(turnCredentials('dummy_user@example.org', 'secret123', 10_000)).toEqual({
    username: '10000:dummy_user@example.org',
    password: 'CKDrp61KWUnSXKusLAMKmL0qcQo=',
  });
});

it('they are good for an hour, for the account, and the secret stays here', () => {
  const service = { type: 'turn', host: 'turn.example', port: 3478, transport: 'udp', secret: 'north' } as const;
  const element = serviceElement(service, Jid.parse('alice@localhost/r') as Jid, 1_000_000_000);
  expect(element.attrs).toEqual({
    type: 'turn',
    host: 'turn.example',
    port: '3478',
    transport: 'udp',
    ...turnCredentials('alice@localhost', 'north', 1_000_003_600),
    expires: '2001-09-09T02:46:40Z',
  });
});
