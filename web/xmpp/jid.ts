/** Addresses, as far as a client has to look into them. */

export function bareOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? jid : jid.slice(0, slash);
}

export function resourceOf(jid: string): string {
  const slash = jid.indexOf('/');
  return slash < 0 ? '' : jid.slice(slash + 1);
}

/** Empty for a domain. */
export function localOf(jid: string): string {
  const bare = bareOf(jid);
  const at = bare.indexOf('@');
  return at < 0 ? '' : bare.slice(0, at);
}

export function domainOf(jid: string): string {
  const bare = bareOf(jid);
  return bare.slice(bare.indexOf('@') + 1);
}

/** RFC 7622 section 3.3.1: not in a localpart; nor are spaces and control characters. */
const NOT_IN_LOCAL = /["&'/:<>@\s\p{Cc}]/u;
const NOT_IN_DOMAIN = /[@/\s\p{Cc}"'<>&]/u;
const MAX_PART_BYTES = 1023;

/**
 * The bare address that a person has typed: whole, or a name at `domain`. Undefined when it is none. The server has the last word
 * on what is valid; here it gets the form under which the server will speak of it.
 */
export function typedAddress(text: string, domain: string): string | undefined {
  const typed = text.trim().replace(/^xmpp:/i, '');
  const at = typed.lastIndexOf('@');
  const local = (at < 0 ? typed : typed.slice(0, at)).normalize('NFC').toLowerCase();
  const host = (at < 0 ? domain : typed.slice(at + 1)).normalize('NFC').toLowerCase().replace(/\.$/, '');
  if (!isPart(local, NOT_IN_LOCAL) || !isPart(host, NOT_IN_DOMAIN)) return undefined;
  return `${local}@${host}`;
}

function isPart(text: string, forbidden: RegExp): boolean {
  return text !== '' && !forbidden.test(text) && new TextEncoder().encode(text).length <= MAX_PART_BYTES;
}
