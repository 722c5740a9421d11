/** XEP-0077: lets people make accounts, change their passwords and remove their accounts themselves. */
import type { RegisterOutcome } from '../../core/accounts/accounts.js';
import { order } from '../../core/hooks/order.js';
import { defineModule } from '../../core/module/module.js';
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import { type StreamFacts, streamFeatures, unauthenticatedIq } from '../../core/streams/hooks.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { Jid } from '../../protocol/jid.js';
import { ns } from '../../protocol/namespaces.js';
import { Stanza } from '../../protocol/stanza.js';
import { networkPolicy } from './network.js';
import { passwordEntropy } from './password-strength.js';

export default defineModule({
  name: 'mod_register',
  xeps: [{ number: 77, version: '2.4', status: 'complete' }],
  features: [ns.REGISTER],

  start(scope) {
    const { accounts, config, router, log } = scope;
    const policy = networkPolicy(config.ip_access);

    scope.on(streamFeatures, order.record, ({ isAuthenticated, stream }) => {
      if (isAuthenticated || !accounts.isAllowedToRegister || policy(stream.ip) === 'deny') return undefined;
      return el('register', { xmlns: ns.REGISTER_FEATURE });
    });
    scope.on(unauthenticatedIq, order.route, async ({ stream, stanza, payload }) => {
      if (!payload.is('query', ns.REGISTER) || (stanza.type !== 'get' && stanza.type !== 'set')) return undefined;
      // The stream is with one domain, and makes accounts there.
      if (stanza.to && stanza.to.toString() !== stream.domain) return { answer: StanzaError.notAllowed() };
      return { answer: stanza.type === 'get' ? fields(stream) : await register(stream, payload) };
    });
    scope.iq('get', ns.REGISTER, 'query', onGet);
    scope.iq('set', ns.REGISTER, 'query', onSet);

    function fields({ ip }: StreamFacts): IqAnswer {
      if (!accounts.isAllowedToRegister) return StanzaError.notAllowed();
      if (policy(ip) === 'deny') return StanzaError.forbidden();
      const instructions = el('instructions', {}, 'Choose a username and a password to register with this server');
      return el('query', { xmlns: ns.REGISTER }, instructions, el('username'), el('password'));
    }

    async function register({ domain, ip }: StreamFacts, query: Element): Promise<IqAnswer> {
      // XEP-0077 section 3.2: nobody has logged in whose account that could be.
      if (query.child('remove'))
        return query.elements().length > 1 ? StanzaError.badRequest() : StanzaError.unexpectedRequest();
      const username = query.childText('username');
      const password = query.childText('password');
      if (username === undefined || password === undefined || username === '')
        return StanzaError.notAcceptable('username and password are needed');
      const account = Jid.of(username, domain);
      if (!account) return StanzaError.jidMalformed('not a username');
      if (policy(ip) === 'deny' || !scope.access.allows(config.access, account)) return StanzaError.forbidden();
      if (isWeak(password)) return StanzaError.notAcceptable('the password is too weak');
      let outcome = 'not-allowed' as RegisterOutcome;
      const refusal = await scope.services.registrations.run(ip, async () => {
        outcome = await accounts.register(account, password);
        return outcome === 'registered';
      });
      if (refusal) return StanzaError.resourceConstraint('too many registrations from your address: try again later');
      if (outcome !== 'registered') return errorFor(outcome);
      log.notice('register.registered', { account: account.toString(), ip });
      welcome(account, ip);
      return undefined;
    }

    /** XEP-0077 section 3.1.1: somebody who is logged in learns that the account exists. */
    function onGet({ from, to }: Iq): IqAnswer {
      if (!isOwn(from, to)) return StanzaError.forbidden();
      const instructions = el('instructions', {}, 'You have an account; here you can change its password or remove it');
      const filledIn = [el('username', {}, from.local), el('password')];
      return el('query', { xmlns: ns.REGISTER }, el('registered'), instructions, filledIn);
    }

    async function onSet({ from, to, payload, session, stanza }: Iq): Promise<IqAnswer> {
      if (!isOwn(from, to) || !session) return StanzaError.forbidden();
      if (payload.child('remove')) {
        // XEP-0077 section 3.2: anything beside it makes the wish unclear.
        if (payload.elements().length > 1) return StanzaError.badRequest('remove has to stand alone');
        return remove(from.bare, stanza);
      }
      return changePassword(from.bare, payload);
    }

    async function remove(account: Jid, request: Stanza): Promise<IqAnswer> {
      const outcome = await accounts.remove(account, () => {
        const session = request.from && scope.sessions.session(request.from);
        session?.deliver(request.result());
      });
      if (outcome !== 'removed')
        return outcome === 'no-account' ? StanzaError.registrationRequired() : StanzaError.notAllowed();

      log.notice('register.removed', { account: account.toString() });
      return undefined;
    }

    async function changePassword(account: Jid, query: Element): Promise<IqAnswer> {
      const username = query.childText('username');
      const password = query.childText('password');
      if (username === undefined || password === undefined)
        return StanzaError.badRequest('username and password are needed');
      if (Jid.of(username, account.domain)?.local !== account.local)
        return StanzaError.forbidden('only your own password can be changed');
      if (isWeak(password)) return StanzaError.notAcceptable('the password is too weak');
      const outcome = await accounts.changePassword(account, password);
      if (outcome === 'changed') return undefined;
      return outcome === 'not-allowed' || outcome === 'no-account'
        ? StanzaError.notAllowed()
        : StanzaError.notAcceptable('not a password');
    }

    function isWeak(password: string): boolean {
      return config.password_strength > 0 && passwordEntropy(password) < config.password_strength;
    }

    function welcome(account: Jid, ip: string): void {
      const server = Jid.trusted('', account.domain);
      const { subject, body } = config.welcome_message;
      if (subject !== '' || body !== '') send(server, account, subject, body);
      for (const text of config.registration_watchers) {
        const watcher = scope.services.jid(text);
        if (watcher) send(server, watcher, '', `${account} has registered from ${ip}`);
      }
    }

    function send(from: Jid, to: Jid, subject: string, body: string): void {
      const content = [subject === '' ? undefined : el('subject', {}, subject), el('body', {}, body)];
      router.route(Stanza.fromElement(el('message', { xmlns: ns.CLIENT, type: 'normal' }, content), to, from));
    }
  },
});

/** To the own account, or to the domain that holds it. */
function isOwn(from: Jid, to: Jid): boolean {
  return to.local === '' ? to.domain === from.domain : to.equals(from.bare);
}

function errorFor(outcome: Exclude<RegisterOutcome, 'registered'>): StanzaError {
  switch (outcome) {
    case 'exists':
      return StanzaError.conflict();
    case 'invalid-jid':
      return StanzaError.jidMalformed();
    case 'limit':
      return StanzaError.resourceConstraint('this domain takes no more accounts');
    case 'not-allowed':
      return StanzaError.notAllowed();
    case 'empty-password':
    case 'invalid-password':
      return StanzaError.notAcceptable('not a password');
  }
}
