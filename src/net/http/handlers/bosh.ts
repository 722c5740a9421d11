/** `mongoose_bosh_handler`: lets clients in over HTTP alone (XEP-0124, XEP-0206). */
import { OriginList } from '../../../platform/origin.js';
import { prepareDomain } from '../../../protocol/jid.js';
import type { BoshAnswer } from '../../bosh/binding.js';
import type { BoshOptions, Posted, Replier } from '../../bosh/sessions.js';
import { streamLimits } from '../../c2s/stream-limits.js';
import { carrierFacts } from '../carrier-facts.js';
import { defineHttpHandler, type HandlerSurroundings, type SettingsOf } from '../define-handler.js';
import type { CorsRules, HttpHandler, HttpResponse } from '../handler.js';

/** How far a body may be over the limit of stanzas, so that several fit in. */
const SPARE_BODY_BYTES = 256 * 1024;
const WELCOME = 'This is where XMPP clients connect by BOSH (XEP-0124). They send POST requests.\n';
const PLAIN = { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' };
/**
 * A client may choose the type of the answers, and others write what is in them: no browser may take one for a page of ours.
 */
const GUARD = {
  'cache-control': 'no-store',
  'x-content-type-options': 'nosniff',
  'content-security-policy': "sandbox; default-src 'none'",
};

export default defineHttpHandler({
  type: 'mongoose_bosh_handler',
  routes: (settings, surroundings) => {
    const { host, path } = settings;
    const { clients, listener, bosh } = surroundings;
    const entrance = clients(settings, 'bosh');
    const maxBodyBytes = streamLimits(settings).maxStanzaBytes + SPARE_BODY_BYTES;
    const options = optionsOf(settings, surroundings, maxBodyBytes);
    const handler: HttpHandler = {
      methods: ['GET', 'POST'],
      maxBodyBytes,
      // Sessions are told of their end, and who asks for a new one is told why there is none.
      goesOn: true,
      cors: corsRules(settings),
      handle: async (request, response) => {
        if (request.method === 'GET') return greet(request.query, response);
        const coding = request.header('content-encoding') ?? 'identity';
        if (coding !== 'identity')
          return response.send(415, PLAIN, `No content coding is taken, also not ${coding}.\n`);
        const { client } = request;
        const body = await request.body();
        const posted: Posted = {
          body,
          isSecure: client.scheme === 'https',
          replier: new Reply(response),
          attach: (owner) => entrance.attach(carrierFacts(client, listener), owner),
        };
        response.onAborted(bosh.take(posted, options));
      },
    };
    return [{ host, path, handler }];
  },
});

function corsRules({ allowed_origins }: SettingsOf<'mongoose_bosh_handler'>): CorsRules {
  return {
    methods: ['GET', 'POST', 'OPTIONS'],
    headers: ['Content-Type'],
    maxAgeSeconds: 86_400,
    origins: allowed_origins && new OriginList(allowed_origins),
  };
}

/** Older texts of XEP-0124 had a syntax for scripts, whose requests came by GET: it gave every page the sessions of its visitors. */
function greet(query: string, response: HttpResponse): void {
  if (query === '') response.send(200, PLAIN, WELCOME);
  else response.send(400, PLAIN, 'Requests are sent by POST; the syntax for scripts is not served.\n');
}

class Reply implements Replier {
  readonly #response: HttpResponse;

  constructor(response: HttpResponse) {
    this.#response = response;
  }

  reply({ status, body }: BoshAnswer, contentType: string): void {
    this.#response.send(status, { ...GUARD, 'content-type': contentType }, body);
  }
}

function optionsOf(
  settings: SettingsOf<'mongoose_bosh_handler'>,
  { config }: HandlerSurroundings,
  maxBodyBytes: number,
): BoshOptions {
  const { inactivity, max_wait, max_pause, server_acks, host_types } = settings;
  const milliseconds = (seconds: number | 'infinity') =>
    seconds === 'infinity' ? Number.POSITIVE_INFINITY : seconds * 1_000;
  const excluded = new Set(
    host_types && config.host_types.filter(({ name }) => !host_types.includes(name)).flatMap(({ domains }) => domains),
  );
  return {
    maxWaitMs: milliseconds(max_wait),
    inactivityMs: milliseconds(inactivity),
    maxPauseMs: milliseconds(max_pause),
    serverAcks: server_acks,
    maxBodyBytes,
    serves: (domain) => excluded.size === 0 || !excluded.has(prepareDomain(domain) ?? domain),
  };
}
