/** XEP-0092: tells which software serves the domain. */
import { arch, release, type } from 'node:os';
import { defineModule } from '../../core/module/module.js';
import { el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

export default defineModule({
  name: 'mod_version',
  xeps: [{ number: 92, version: '1.1', status: 'complete' }],
  features: [ns.VERSION],

  start(scope) {
    // XEP-0092 section 5: what the operating system is helps an attacker, so that it is told only when asked for.
    const os = scope.config.os_info ? el('os', {}, `${type()} ${release()} ${arch()}`) : undefined;
    const answer = () =>
      el('query', { xmlns: ns.VERSION }, el('name', {}, 'Meerkat'), el('version', {}, scope.services.version), os);
    scope.iq('get', ns.VERSION, 'query', answer, 'domain');
  },
});
