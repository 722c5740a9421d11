/** Every authentication method and every SASL mechanism. */
import type { Mechanism } from '../core/auth/mechanism.js';
import type { AuthMethodDefinition } from '../core/auth/method.js';
import anonymousMechanism from './mechanisms/anonymous.js';
import external from './mechanisms/external.js';
import plain from './mechanisms/plain.js';
import { scramMechanisms } from './mechanisms/scram.js';
import anonymous from './methods/anonymous.js';
import dummy from './methods/dummy.js';
import internal from './methods/internal.js';
import rdbms from './methods/rdbms.js';

export const authMethods: readonly AuthMethodDefinition[] = [anonymous, dummy, internal, rdbms];

export const mechanisms: readonly Mechanism[] = [
  ...scramMechanisms('sha512'),
  ...scramMechanisms('sha384'),
  ...scramMechanisms('sha256'),
  ...scramMechanisms('sha224'),
  ...scramMechanisms('sha'),
  plain,
  anonymousMechanism,
  external,
];
