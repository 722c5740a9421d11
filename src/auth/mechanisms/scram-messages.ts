/** The messages of SCRAM (RFC 5802 section 7), read strictly. */
import { decodeUtf8 } from './text.js';

export interface ClientFirst {
  /** Everything up to the bare message, as it was sent: it comes back in the client's last message. */
  readonly gs2Header: string;
  /** `n`: no channel binding. `y`: the client could, but thinks that we cannot. Else the kind it uses. */
  readonly binding: 'n' | 'y' | { readonly type: string };
  readonly authzid: string | undefined;
  readonly bare: string;
  readonly username: string;
  readonly nonce: string;
}

export interface ClientFinal {
  readonly withoutProof: string;
  readonly channelBinding: Uint8Array;
  readonly nonce: string;
  readonly proof: Uint8Array;
}

/** A nonce longer than this serves no purpose but to make work. */
const MAX_NONCE = 256;

const GS2_HEADER = /^(?:(n|y)|p=([A-Za-z0-9.-]{1,64})),(?:a=([^,\0]+))?,/;
/** Further attributes are extensions: a letter, an equals sign and a value. The first of them may not be `m`. */
const EXTENSIONS = '(?:,[A-Za-z]=[^,\\0]+)*';
const CLIENT_FIRST_BARE = new RegExp(`^n=([^,\\0]+),r=([\\x21-\\x2b\\x2d-\\x7e]+)${EXTENSIONS}$`);
const CLIENT_FINAL = new RegExp(`^(c=([^,]+),r=([\\x21-\\x2b\\x2d-\\x7e]+)${EXTENSIONS}),p=([^,]+)$`);
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

export function readClientFirst(data: Uint8Array): ClientFirst | undefined {
  const text = decodeUtf8(data);
  const header = text === undefined ? null : GS2_HEADER.exec(text);
  if (text === undefined || !header) return undefined;

  const bare = text.slice(header[0].length);
  const message = CLIENT_FIRST_BARE.exec(bare);
  const username = message && readSaslName(message[1] as string);
  const authzid = header[3] === undefined ? undefined : readSaslName(header[3]);
  if (!message || !username || (header[3] !== undefined && authzid === undefined)) return undefined;
  const nonce = message[2] as string;
  if (nonce.length > MAX_NONCE) return undefined;

  const binding = header[2] === undefined ? (header[1] as 'n' | 'y') : { type: header[2] };
  return { gs2Header: header[0], binding, authzid, bare, username, nonce };
}

export function readClientFinal(data: Uint8Array): ClientFinal | undefined {
  const text = decodeUtf8(data);
  const message = text === undefined ? null : CLIENT_FINAL.exec(text);
  if (!message) return undefined;
  const [, withoutProof, binding, nonce, proof] = message as unknown as [string, string, string, string, string];
  if (!BASE64.test(binding) || !BASE64.test(proof)) return undefined;
  return {
    withoutProof,
    channelBinding: Buffer.from(binding, 'base64'),
    nonce,
    proof: Buffer.from(proof, 'base64'),
  };
}

/** RFC 5802 section 5.1, attribute `n`: a comma is written `=2C`, an equals sign `=3D`, and no other `=` may stand. */
function readSaslName(text: string): string | undefined {
  if (/=(?!2C|3D)/.test(text)) return undefined;
  return text.replaceAll('=2C', ',').replaceAll('=3D', '=');
}
