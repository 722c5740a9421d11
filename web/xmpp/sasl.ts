/** Chooses how to log in, and does it (RFC 6120 section 6). */
import { textFromBase64, textToBase64 } from './base64.js';
import { Failure } from './failure.js';
import { ns } from './namespaces.js';
import { randomToken } from './random.js';
import { Scram, type ScramMechanism, scramMechanisms } from './scram.js';
import type { XmppStream } from './stream.js';
import { type Xml, xml } from './xml.js';

export interface Surroundings {
  /** Pages have cryptography where they came safely: over TLS, or from the same machine. */
  readonly canHash: boolean;
  /** Nobody in between can read along. */
  readonly isPrivate: boolean;
}

export type Mechanism = ScramMechanism | 'PLAIN';

/** The best one that both sides can do; a password as such goes only where nobody reads along. */
export function chooseMechanism(
  offered: readonly string[],
  { canHash, isPrivate }: Surroundings,
): Mechanism | undefined {
  const usable: Mechanism[] = [...(canHash ? scramMechanisms : []), ...(isPrivate ? (['PLAIN'] as const) : [])];
  return usable.find((mechanism) => offered.includes(mechanism));
}

export interface Credentials {
  readonly username: string;
  readonly password: string;
}

/** Rejects with a `Failure` that says why. */
export async function authenticate(
  stream: XmppStream,
  features: Xml,
  credentials: Credentials,
  surroundings: Surroundings,
): Promise<void> {
  const offered = features.child('mechanisms', ns.SASL)?.elements.map((mechanism) => mechanism.text) ?? [];
  const mechanism = chooseMechanism(offered, surroundings);
  if (mechanism === undefined) throw new Failure('no-mechanism', `offered: ${offered.join(', ') || 'nothing'}`);
  if (mechanism === 'PLAIN') {
    begin(stream, mechanism, `\0${credentials.username}\0${credentials.password}`);
    outcome(await stream.next());
    return;
  }
  const scram = new Scram({ mechanism, ...credentials, nonce: randomToken() });
  begin(stream, mechanism, scram.first());
  const challenge = outcome(await stream.next());
  if (challenge.name !== 'challenge') throw new Failure('not-authorized', 'logged in without a proof of the server');
  const response = await scram.final(textFromBase64(challenge.text));
  stream.send(xml('response', ns.SASL, {}, textToBase64(response)));
  scram.verify(textFromBase64(outcome(await stream.next()).text));
}

function begin(stream: XmppStream, mechanism: Mechanism, text: string): void {
  stream.send(xml('auth', ns.SASL, { mechanism }, textToBase64(text)));
}

function outcome(element: Xml): Xml {
  if (element.ns !== ns.SASL) throw new Failure('undefined-condition', `<${element.name}/> within the login`);
  if (element.name === 'failure') {
    const condition = element.elements.find(({ name }) => name !== 'text')?.name ?? 'not-authorized';
    throw new Failure(condition, element.childText('text'));
  }
  return element;
}
