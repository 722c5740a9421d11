/** How addresses stand in the tables of archives, in MongooseIM's formats (`db_jid_format`). */
import { Jid } from '../../protocol/jid.js';

export const jidFormats = ['mam_jid_mini', 'mam_jid_rfc', 'mam_jid_rfc_trust'] as const;
export type JidFormatName = (typeof jidFormats)[number];

/** `owner` is the bare address of the archive. */
export interface JidFormat {
  encode(owner: Jid, jid: Jid): string;
  /** `undefined` for a text that stands for no address. */
  decode(owner: Jid, text: string): Jid | undefined;
}

const plain: JidFormat = {
  encode: (_, jid) => jid.toString(),
  decode: (_, text) => Jid.parse(text),
};

/** Leaves out what the address has in common with the owner of the archive. */
const mini: JidFormat = {
  encode(owner, { local, domain, resource }) {
    const end = resource === '' ? '' : `/${resource}`;
    if (domain === owner.domain) {
      if (local === owner.local) return end;
      return local === '' ? `:${end}` : `${local}${end}`;
    }
    return resource === '' ? `${domain}:${local}` : `${domain}@${local}${end}`;
  },
  decode(owner, text) {
    const parts = split(text);
    if (text === '' || parts.mark === '/') {
      return Jid.of(parts.head === '' ? owner.local : parts.head, owner.domain, parts.tail);
    }
    if (parts.mark === '') return Jid.of(text, owner.domain);
    if (parts.mark === '@') {
      const slash = parts.tail.indexOf('/');
      return slash < 0 ? undefined : Jid.of(parts.tail.slice(0, slash), parts.head, parts.tail.slice(slash + 1));
    }
    if (parts.head !== '') return Jid.of(parts.tail, parts.head);
    return Jid.of('', owner.domain, parts.tail.startsWith('/') ? parts.tail.slice(1) : '');
  },
};

/** At the first of `@`, `/` and `:`. */
function split(text: string): { head: string; mark: string; tail: string } {
  const at = text.search(/[@/:]/);
  if (at < 0) return { head: text, mark: '', tail: '' };
  return { head: text.slice(0, at), mark: text.charAt(at), tail: text.slice(at + 1) };
}

/** What is in the database was an address when it was written, but a table can be edited: it is checked in either case. */
export function jidFormat(name: JidFormatName): JidFormat {
  return name === 'mam_jid_mini' ? mini : plain;
}
