/** XEP-0279: tells a client the address that it is seen to come from. */
import { defineModule } from '../../core/module/module.js';
import type { Iq } from '../../core/routing/iq-table.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';

export default defineModule({
  name: 'mod_sic',
  xeps: [{ number: 279, version: '0.2', status: 'complete' }],
  features: [ns.SERVER_IP_CHECK],

  start(scope) {
    scope.iq('get', ns.SERVER_IP_CHECK, 'address', addressOf);
  },
});

/** Section 4: nobody learns the address of anybody else, nor whether there is one. */
function addressOf({ session }: Iq): Element | StanzaError {
  if (!session) return StanzaError.forbidden();
  const { ip, port } = session.link.address;
  if (ip === '') return StanzaError.internalServerError();
  return el('address', { xmlns: ns.SERVER_IP_CHECK }, el('ip', {}, ip), port > 0 && el('port', {}, String(port)));
}
