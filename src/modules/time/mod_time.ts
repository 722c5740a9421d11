/** XEP-0202: tells the time of the server. */
import { defineModule } from '../../core/module/module.js';
import { formatDateTime, formatOffset } from '../../protocol/date-time.js';
import { el } from '../../protocol/element.js';
import { ns } from '../../protocol/namespaces.js';

export default defineModule({
  name: 'mod_time',
  xeps: [{ number: 202, version: '2.0', status: 'complete' }],
  features: [ns.TIME],

  start(scope) {
    const answer = () => {
      const now = scope.clock.now();
      const utc = el('utc', {}, formatDateTime(now));
      return el('time', { xmlns: ns.TIME }, el('tzo', {}, formatOffset(-new Date(now).getTimezoneOffset())), utc);
    };
    // Not for accounts: where their owners are, it may be another time.
    scope.iq('get', ns.TIME, 'time', answer, 'domain');
  },
});
