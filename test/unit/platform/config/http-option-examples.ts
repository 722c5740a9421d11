/** Examples for the options of `[[listen.http]]`. */
import {
  all,
  falseOnly,
  limit,
  networks,
  type OptionExample,
  path,
  positive,
  text,
  word,
  yesOrNo,
} from './example-kit.js';

const pattern: OptionExample = {
  accepted: ['/some/path', '/api/:name', '/a/[:b]', '/[...]'],
  refused: ['no-slash', '/a/[b', '/[...]/more', '/a]', '', 1],
};
const url: OptionExample = { accepted: ['wss://chat.example/ws', 'https://{host}/x'], refused: ['nowhere', '', 1] };
const httpCertificate = { 'listen.http[].port': 5280, 'listen.http[].tls.certfile': 'priv/cert.pem' };

const orNever: OptionExample = { accepted: [0, 7, 'infinity'], refused: [-1, 'never'] };
const webSocket: Readonly<Record<string, OptionExample>> = {
  host: text,
  path: pattern,
  timeout: orNever,
  max_stanza_size: limit,
  state_timeout: orNever,
  backwards_compatible_session: yesOrNo,
};
const origins: OptionExample = {
  accepted: [
    ['https://chat.example', 'http://localhost:8080', 'app://chat', 'null', 'file://'],
    [],
    ['http://[::1]:80', 'loopback'],
  ],
  refused: ['loopback', ['chat.example'], ['https://chat.example/'], ['*'], ['https://a@b'], ['Loopback'], [1]],
};
const bosh: Readonly<Record<string, OptionExample>> = {
  host: text,
  path: pattern,
  max_stanza_size: limit,
  state_timeout: orNever,
  backwards_compatible_session: yesOrNo,
  access: {
    accepted: ['c2s', 'none', 'all'],
    refused: ['c3s', 1, ''],
    around: { 'access.c2s': [{ acl: 'all', value: 'allow' }] },
  },
  shaper: {
    accepted: ['fast', 'c2s_shaper', 'none'],
    refused: ['quick', 1],
    around: { 'shaper.fast.max_rate': 1000, 'access.c2s_shaper': [{ acl: 'all', value: 'fast' }] },
  },
  allowed_origins: origins,
};
const boshService: Readonly<Record<string, OptionExample>> = {
  inactivity: { accepted: [30, 'infinity'], refused: [0, -1, 'never'] },
  max_wait: { accepted: [60, 'infinity'], refused: [0, '60'] },
  max_pause: positive,
  server_acks: yesOrNo,
};
const reverseProxy: Readonly<Record<string, OptionExample>> = {
  timeout: positive,
  body_length: limit,
  custom_headers: {
    accepted: [{ 'X-Behind': 'Meerkat', host: 'other.example' }, {}],
    refused: [
      { 'bad name': 'x' },
      { 'Content-Length': '3' },
      { connection: 'x' },
      { via: 'x' },
      { a: 'b\nc' },
      { a: 1 },
      'a',
    ],
  },
};
const aRoute = {
  'listen.http[].port': 5280,
  'listen.http[].handlers.mod_revproxy[].host': '_',
  'listen.http[].handlers.mod_revproxy[].path': '/[...]',
  'modules.mod_revproxy.routes[].host': 'chat.example',
  'modules.mod_revproxy.routes[].path': '/:who',
  'modules.mod_revproxy.routes[].upstream': 'http://localhost:8080',
};
const onPort = (handler: string) => ({
  'listen.http[].port': 5280,
  [`listen.http[].handlers.${handler}[].host`]: 'localhost',
  [`listen.http[].handlers.${handler}[].path`]: '/ws-xmpp',
});

export const httpExamples: Readonly<Record<string, OptionExample>> = {
  ...all(
    'listen.http[].',
    { 'listen.http[].port': 5280 },
    {
      port: { accepted: [5281, 0], refused: [-1, 70000, '5280'] },
      ip_address: { accepted: ['127.0.0.1', '::1'], refused: ['localhost', '1.2.3', 1] },
      ip_version: { accepted: [6, 4], refused: [5, '4'] },
      'transport.max_connections': { accepted: [7, 0, 'infinity'], refused: [-1, 'none'] },
      'protocol.compress': yesOrNo,
      proxy_protocol: yesOrNo,
      proxy_trusted: { ...networks, around: { 'listen.http[].proxy_protocol': true } },
      forwarded_trusted: networks,
      forwarded_header: word(['forwarded', 'x-forwarded-for']),
      'handlers.meerkat_health_handler[].host': text,
      'handlers.meerkat_health_handler[].path': pattern,
      'handlers.meerkat_web_client[].host': text,
      'handlers.meerkat_web_client[].path': {
        accepted: ['/', '/chat', '/our/chat/'],
        refused: ['no-slash', '/[...]', '/:name', '', 1],
      },
      'handlers.meerkat_host_meta_handler[].host': text,
      'handlers.meerkat_host_meta_handler[].path': pattern,
      'handlers.meerkat_host_meta_handler[].websocket_url': url,
      'handlers.meerkat_host_meta_handler[].bosh_url': url,
    },
  ),
  ...all('listen.http[].handlers.mongoose_bosh_handler[].', onPort('mongoose_bosh_handler'), bosh),
  ...all('listen.http[].handlers.mod_bosh[].', onPort('mod_bosh'), bosh),
  ...all('services.service_bosh.', onPort('mongoose_bosh_handler'), {
    ...boshService,
    host_types: { accepted: [['localhost']], refused: [5, 'localhost'] },
  }),
  ...all('modules.mod_bosh.', onPort('mod_bosh'), { ...boshService, maxpause: positive }),
  ...all('listen.http[].handlers.mongoose_websocket_handler[].', onPort('mongoose_websocket_handler'), {
    ...webSocket,
    ping_rate: positive,
    access: {
      accepted: ['c2s', 'none', 'all'],
      refused: ['c3s', 1, ''],
      around: { 'access.c2s': [{ acl: 'all', value: 'allow' }] },
    },
    shaper: {
      accepted: ['fast', 'c2s_shaper', 'none'],
      refused: ['quick', 1],
      around: { 'shaper.fast.max_rate': 1000, 'access.c2s_shaper': [{ acl: 'all', value: 'fast' }] },
    },
    permessage_deflate: yesOrNo,
    allowed_origins: origins,
    see_other_uri: {
      accepted: ['wss://chat.example/ws', 'https://chat.example/http-bind'],
      refused: ['chat.example', 'xmpp://chat.example', 1],
    },
  }),
  ...all('listen.http[].handlers.mod_websockets[].', onPort('mod_websockets'), {
    ...webSocket,
    ping_rate: { accepted: [7, 'none'], refused: [0, -1, 'infinity'] },
    c2s_state_timeout: orNever,
  }),
  ...all(
    'listen.http[].handlers.mod_revproxy[].',
    { ...aRoute, 'listen.http[].handlers.mod_revproxy[].host': 'localhost' },
    { host: text, path: pattern, ...reverseProxy },
  ),
  ...all(
    'listen.http[].handlers.mod_cowboy[].',
    { ...onPort('mod_cowboy'), 'listen.http[].handlers.mod_cowboy[].http.mod_revproxy.timeout': 7 },
    { host: text, path: pattern },
  ),
  ...all('modules.mod_revproxy.routes[].', aRoute, {
    host: { accepted: ['_', ':who.example', 'localhost:8090', '[::1]'], refused: ['', 'a..b', ':1a', 'a b', 'a/b', 1] },
    path: { accepted: ['_', '/', '/a/:who', '/a/'], refused: ['', 'a', '/a?b', '/[...]', '/..', '/:', 1] },
    method: { accepted: ['get', 'POST'], refused: ['', 'CONNECT', 'TRACE', 'x', 1] },
    upstream: {
      accepted: ['https://other.example', 'http://:who.inside:8080/x/:who/', 'http://10.0.0.5', 'http://[::1]:80/'],
      refused: [
        'other.example',
        'ftp://a',
        'http://',
        'http://:no.example',
        'http://a/:no',
        'http://a@b',
        'http://a?b',
        1,
      ],
    },
  }),
  ...all('listen.http[].tls.', httpCertificate, {
    verify_mode: word(['peer', 'selfsigned_peer', 'none']),
    verify_peer: { ...yesOrNo, around: { 'listen.http[].tls.cacertfile': 'ca.pem' } },
    certfile: path,
    keyfile: path,
    cacertfile: path,
    dhfile: path,
    password: text,
    ciphers: { accepted: ['ECDHE-RSA-AES256-GCM-SHA384'], refused: ['ROT13', 5] },
    versions: { accepted: [['tlsv1.3'], ['tlsv1', 'tlsv1.1']], refused: [['tlsv2'], 'tlsv1.2', []] },
    disconnect_on_failure: { ...yesOrNo, around: { 'listen.http[].tls.verify_mode': 'peer' } },
    crl_files: { accepted: [['a.crl', 'b.crl']], refused: ['a.crl', [1]] },
    early_data: falseOnly,
    certificate: { ...word(['automatic']), around: { 'listen.http[].tls.certfile': undefined } },
  }),
};
