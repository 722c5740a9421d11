/** XEP-0157: contact addresses, as the option `server_info` gives them. */
import { DataForm } from '../../protocol/data-form.js';
import type { Element } from '../../protocol/element.js';

const SERVER_INFO = 'http://jabber.org/network/serverinfo';

export interface ServerInfo {
  readonly name: string;
  readonly urls: readonly string[];
  /** The modules whose answers have it; all of them when unset. */
  readonly modules?: readonly string[] | undefined;
}

/** No form when there is nothing to say. */
export function serverInfoForm(entries: readonly ServerInfo[]): Element[] {
  const shown = entries.filter(({ modules }) => modules === undefined || modules.includes('mod_disco'));
  if (shown.length === 0) return [];
  const fields = shown.map(({ name, urls }) => ({ name, values: urls }));
  return [new DataForm('result', { formType: SERVER_INFO, fields }).toElement()];
}
