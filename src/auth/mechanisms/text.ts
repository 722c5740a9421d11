/** What the texts of several mechanisms have in common. */
import type { SaslContext } from '../../core/auth/mechanism.js';
import { Jid } from '../../protocol/jid.js';

const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Undefined for anything that is not UTF-8. */
export function decodeUtf8(bytes: Uint8Array): string | undefined {
  try {
    return strict.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The account that a localpart names at the domain of the stream. */
export function accountNamed(local: string, context: SaslContext): Jid | undefined {
  return local === '' ? undefined : Jid.of(local, context.domain);
}

/** RFC 6120 section 6.3.8: an authorization identity is the bare JID of an account of this domain. */
export function accountAddressed(text: string, context: SaslContext): Jid | undefined {
  const jid = Jid.parse(text);
  return jid?.isBare && jid.local !== '' && jid.domain === context.domain ? jid : undefined;
}
