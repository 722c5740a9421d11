/** The sections that every profile may have beside those of its loads: how long, against whom, as whom. */
import { amount, choice, count, countOrNone, flag, port, text } from './schema.mjs';

export const TRANSPORTS = ['tcp', 'starttls', 'tls', 'websocket', 'websocket-tls', 'bosh', 'bosh-tls', 'floor'];
export const MECHANISMS = ['auto', 'ANONYMOUS', 'PLAIN', 'SCRAM-SHA-1', 'SCRAM-SHA-256'];

export const commonSections = {
  run: {
    seconds: amount(10, 'length of the measured part; behind the last login where logins themselves are the load'),
    warmup: amount(3, 'seconds of load before it'),
    threads: countOrNone(0, 'threads of the generator; 0 for one for each core that is not the server’s'),
    abreast: count(50, 'logins at a time'),
    logins: amount(0, 'logins a second while the load is prepared; 0 for as fast as they go'),
    drain: amount(20, 'seconds in which the last messages have to arrive'),
    patience: amount(30, 'seconds in which any answer has to come'),
    growth: amount(
      0,
      'percent by which the memory of the server may grow, from the second quarter to the last; 0 for any',
    ),
    spin: flag(false, 'never sleep between due messages: exact to microseconds, and a whole core for each thread'),
  },
  target: {
    host: text('', 'name or address of the server; empty: Meerkat is started here'),
    port: port(0, 'its port; 0 for the usual one of the transport'),
    domain: text('localhost', 'the XMPP domain'),
    transport: choice('tcp', TRANSPORTS, 'how clients connect'),
    path: text('', 'of WebSocket and BOSH; empty: /ws-xmpp and /http-bind'),
    mechanism: choice('auto', MECHANISMS, 'SASL mechanism; auto: the best that both sides know'),
    proxy: choice('none', ['none', 'v1', 'v2'], 'version of the PROXY header in front of everything'),
    sources: text('', 'addresses to connect from, in turns: 127.0.0.2-127.0.0.9; empty: the system chooses'),
    name: text('', 'what reports call the server; empty: what it calls itself (XEP-0092)'),
  },
  users: {
    prefix: text('bench', 'front of all names of accounts'),
    password: text('secret', 'of all of them'),
    register: choice(
      'auto',
      ['auto', 'yes', 'no'],
      'make accounts in-band (XEP-0077); auto: where the server offers it',
    ),
    registrations: amount(0, 'registrations a second; 0 for as fast as they go'),
  },
  server: {
    engine: choice('native', ['native', 'portable'], 'engine of the Meerkat that is started'),
    shards: count(1, 'its shards; one shard is bound to a core of its own'),
    archive: flag(false, 'it keeps every message; the server may use all cores'),
  },
};
