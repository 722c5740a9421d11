/** `meerkat_health_handler`: tells load balancers and orchestrators whether this server lives, and whether it takes clients. */
import { defineHttpHandler } from '../define-handler.js';
import type { HttpHandler, HttpResponse } from '../handler.js';
import { below } from './below.js';

export default defineHttpHandler({
  type: 'meerkat_health_handler',
  routes: ({ host, path }, { unready }) => [
    { host, path: below(path, 'livez'), handler: answering((response) => tell(response, 200, 'ok')) },
    {
      host,
      path: below(path, 'readyz'),
      handler: answering((response) => {
        const reason = unready();
        if (reason === undefined) tell(response, 200, 'ok');
        else tell(response, 503, reason);
      }),
    },
  ],
});

function answering(answer: (response: HttpResponse) => void): HttpHandler {
  return { methods: ['GET'], maxBodyBytes: 0, handle: (_request, response) => answer(response) };
}

function tell(response: HttpResponse, status: number, text: string): void {
  response.send(status, { 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store' }, `${text}\n`);
}
