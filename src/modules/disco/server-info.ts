/** XEP-0157: contact addresses, as the option `server_info` gives them. */
import type { Host } from '../../core/hosts/host.js';
import type { ServerInfo } from '../../platform/config/index.js';
import { DataForm } from '../../protocol/data-form.js';
import type { Element } from '../../protocol/element.js';

const SERVER_INFO = 'http://jabber.org/network/serverinfo';

/** The form for the answers of one module, the host's own or those of a service beside it; none when there is nothing to say. */
export function contactAddresses(host: Host, module: string): Element[] {
  return serverInfoForm(host.config.modules.mod_disco?.server_info ?? [], module);
}

export function serverInfoForm(entries: readonly ServerInfo[], module: string): Element[] {
  const shown = entries.filter(({ modules }) => modules === undefined || modules.includes(module));
  if (shown.length === 0) return [];
  const fields = shown.map(({ name, urls }) => ({ name, values: urls }));
  return [new DataForm('result', { formType: SERVER_INFO, fields }).toElement()];
}
