/** The client's side of SCRAM against the examples of the standards. */
import { expect, it } from 'vitest';
import { saslPrepared } from '../../../web/xmpp/saslprep.js';
import { Scram, ScramError } from '../../../web/xmpp/scram.js';

const SHA_256 = {
  mechanism: 'SCRAM-SHA-256',
  nonce: 'rOprNGfwEbeRWgbNEkqO',
  challenge: 'r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096',
  final: 'c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=',
  success: 'v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=',
} as const;
const SHA_1 = {
  mechanism: 'SCRAM-SHA-1',
  nonce: 'fyko+d2lbbFgONRv9qkxdawL',
  challenge: 'r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,s=QSXCR+Q6sek8bf92,i=4096',
  final: 'c=biws,r=fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j,p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=',
  success: 'v=rmF9pqV8S7suAoZWja4dJRkFsKQ=',
} as const;

function scram({ mechanism, nonce }: { mechanism: 'SCRAM-SHA-256' | 'SCRAM-SHA-1'; nonce: string }): Scram {
  return new Scram({ mechanism, nonce, username: 'user', password: 'pencil' });
}

it.each([
  ['RFC 7677 section 3', SHA_256],
  ['RFC 5802 section 5', SHA_1],
])('%s: the example comes out', async (_, example) => {
  const client = scram(example);
  expect(client.first()).toBe(`n,,n=user,r=${example.nonce}`);
  expect(await client.final(example.challenge)).toBe(example.final);
  client.verify(example.success);
});

it('RFC 5802 section 5.1: a comma and an equals sign in the name are written otherwise', () => {
  const client = new Scram({ mechanism: 'SCRAM-SHA-256', nonce: 'x', username: 'a=b,c', password: 'p' });
  expect(client.first()).toBe('n,,n=a=3Db=2Cc,r=x');
});

it('a server that does not know the password is found out', async () => {
  const client = scram(SHA_256);
  await client.final(SHA_256.challenge);
  expect(() => client.verify(SHA_1.success)).toThrow(ScramError);
  expect(() => client.verify('')).toThrow(ScramError);
  expect(() => scram(SHA_256).verify(SHA_256.success)).toThrow(ScramError);
});

it.each([
  ['a nonce that does not begin with ours', 'r=somebodyElse,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
  ['our nonce alone', 'r=rOprNGfwEbeRWgbNEkqO,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096'],
  ['a count that would take minutes', SHA_256.challenge.replace('i=4096', 'i=99999999')],
  ['a count that is none', SHA_256.challenge.replace('i=4096', 'i=-1')],
  ['a demand that we do not know', `m=x,${SHA_256.challenge}`],
])('%s is refused', async (_, challenge) => {
  await expect(scram(SHA_256).final(challenge)).rejects.toThrow(ScramError);
});

it('RFC 4013 section 3: the examples come out', () => {
  expect(['I\u00ADX', 'user', 'USER', '\u00AA', '\u2168'].map(saslPrepared)).toEqual(['IX', 'user', 'USER', 'a', 'IX']);
  expect(saslPrepared('a\u00A0b\u3000c')).toBe('a b c');
});
