/** Lets messages for accounts that nobody is reading pass without an error, for servers whose archive is all that keeps them. */
import { TAKEN } from '../../core/hooks/hook.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import { messageUndelivered } from '../../core/routing/hooks.js';

export default defineModule({
  name: 'mod_offline_stub',
  xeps: [],

  start(scope) {
    // Behind everybody who may want to keep the message.
    scope.on(messageUndelivered, order.cleanup, () => TAKEN);
  },
});
