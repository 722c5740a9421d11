/** XEP-0050: lists and runs the commands that modules offer, among them a ping of its own. */
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { sessionClosed } from '../../core/sessions/hooks.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { ns } from '../../protocol/namespaces.js';
import { type DiscoQuestion, discoInfo, discoItems, discoNode, feature } from '../disco/api.js';
import { adhocApi, type Command } from './api.js';
import { Commands, mayRun } from './commands.js';

const SWEEP_MS = 60_000;

const ping: Command = {
  node: 'ping',
  name: 'Ping',
  target: 'domain',
  run: () => ({ notes: [{ type: 'info', text: 'Pong' }] }),
};

export default defineModule({
  name: 'mod_adhoc',
  xeps: [{ number: 50, version: '1.3.0', status: 'complete' }],

  start(scope) {
    const commands = new Commands(scope.clock, scope.random);
    commands.add(ping);
    scope.provide(adhocApi, { add: (command) => commands.add(command) });
    scope.iq('set', ns.COMMANDS, 'command', (iq) => commands.handle(iq), 'domain');
    scope.iq('set', ns.COMMANDS, 'command', onAccount, 'account');
    scope.on(discoInfo, order.record, info);
    scope.on(discoItems, order.record, items);
    scope.on(discoNode, order.access, refusal);
    scope.on(sessionClosed, order.cleanup, ({ session }) => commands.sessions.endAll(session.jid));
    scope.every(SWEEP_MS, () => commands.sessions.sweep());

    /** Not even whether the account exists is anybody else's business. */
    async function onAccount(iq: Iq): Promise<IqAnswer> {
      return iq.from.bare.equals(iq.to) ? commands.handle(iq) : StanzaError.serviceUnavailable();
    }

    function offersAny({ from, to }: DiscoQuestion): boolean {
      return isOpenTo(from, to) && !commands.listFor(from, to).next().done;
    }

    function info(question: DiscoQuestion): Element[] | undefined {
      const { node, from, to } = question;
      if (node === '') return to.local === '' || offersAny(question) ? [feature(ns.COMMANDS)] : undefined;
      if (!isOpenTo(from, to)) return undefined;
      if (node === ns.COMMANDS) return [identity('command-list', 'Commands'), feature(ns.COMMANDS)];
      const command = commands.find(to, node);
      return command && [identity('command-node', command.name), feature(ns.COMMANDS), feature(ns.DATA_FORMS)];
    }

    /** Section 5: our own nodes under our own address. */
    function items(question: DiscoQuestion): Element[] | undefined {
      const { node, from, to } = question;
      if (node === '' && scope.config.report_commands_node && offersAny(question))
        return [el('item', { jid: to.toString(), node: ns.COMMANDS, name: 'Commands' })];
      if (node !== ns.COMMANDS || !isOpenTo(from, to)) return undefined;
      return [...commands.listFor(from, to)].map((command) =>
        el('item', { jid: to.toString(), node: command.node, name: command.name }),
      );
    }

    /** Section 2.2: a command that the requester may not use. */
    function refusal({ node, from, to }: DiscoQuestion): StanzaError | undefined {
      const command = isOpenTo(from, to) ? commands.find(to, node) : undefined;
      return command && !mayRun(command, from) ? StanzaError.forbidden() : undefined;
    }
  },
});

/** The commands of an account are for its owner. */
function isOpenTo(from: DiscoQuestion['from'], to: DiscoQuestion['to']): boolean {
  return to.local === '' || from.bare.equals(to);
}

function identity(type: 'command-list' | 'command-node', name: string): Element {
  return el('identity', { category: 'automation', type, name });
}
