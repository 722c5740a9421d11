/** The standards that the server keeps to whatever modules are on; those of a module stand in its `xeps`. */
import type { Xep } from '../core/module/module.js';

export interface Rfc {
  readonly number: number;
  readonly title: string;
  readonly part: string;
}

/** A XEP, and the part of the server or the option that it belongs to. */
export interface CoreXep extends Xep {
  readonly part: string;
}

export const coreRfcs: readonly Rfc[] = [
  { number: 4422, title: 'Simple Authentication and Security Layer (SASL)', part: 'auth' },
  { number: 4505, title: 'Anonymous SASL Mechanism', part: 'auth' },
  { number: 4616, title: 'The PLAIN SASL Mechanism', part: 'auth' },
  { number: 5802, title: 'SCRAM SASL and GSS-API Mechanisms', part: 'auth' },
  { number: 5929, title: 'Channel Bindings for TLS', part: 'engine' },
  { number: 6120, title: 'XMPP: Core', part: 'core, net' },
  { number: 6121, title: 'XMPP: Instant Messaging and Presence', part: 'core, mod_roster, mod_presence' },
  { number: 6455, title: 'The WebSocket Protocol', part: 'net/http' },
  { number: 7239, title: 'Forwarded HTTP Extension', part: 'listen.http.forwarded_trusted' },
  { number: 7301, title: 'TLS Application-Layer Protocol Negotiation Extension', part: 'engine' },
  { number: 7395, title: 'An XMPP Subprotocol for WebSocket', part: 'mongoose_websocket_handler' },
  { number: 7590, title: 'Use of TLS in XMPP', part: 'engine' },
  { number: 7622, title: 'XMPP: Address Format', part: 'protocol' },
  { number: 7677, title: 'SCRAM-SHA-256 and SCRAM-SHA-256-PLUS', part: 'auth' },
  { number: 7692, title: 'Compression Extensions for WebSocket', part: 'mongoose_websocket_handler' },
  { number: 8265, title: 'PRECIS: Usernames and Passwords', part: 'protocol' },
  { number: 9266, title: 'Channel Bindings for TLS 1.3', part: 'engine' },
];

export const coreXeps: readonly CoreXep[] = [
  { number: 4, version: '2.13.2', status: 'complete', part: 'protocol' },
  { number: 59, version: '1.0', status: 'complete', part: 'protocol' },
  { number: 68, version: '1.3.0', status: 'complete', part: 'protocol' },
  { number: 82, version: '1.1.1', status: 'complete', part: 'protocol' },
  { number: 124, version: '1.11.2', status: 'complete', part: 'listen.http.handlers.mongoose_bosh_handler' },
  { number: 138, version: '2.1', status: 'complete', part: 'listen.c2s.zlib' },
  { number: 156, version: '1.4.0', status: 'partial', part: 'meerkat_host_meta_handler' },
  { number: 175, version: '1.2', status: 'complete', part: 'auth.anonymous' },
  { number: 178, version: '1.2', status: 'partial', part: 'auth.sasl_external' },
  { number: 205, version: '1.0.2', status: 'partial', part: 'meerkat.limits' },
  { number: 206, version: '1.4', status: 'complete', part: 'listen.http.handlers.mongoose_bosh_handler' },
  { number: 368, version: '1.1.0', status: 'complete', part: 'listen.c2s.tls' },
  { number: 440, version: '1.0.0', status: 'complete', part: 'net' },
  { number: 453, version: '0.1.2', status: 'complete', part: 'docs/doap.xml' },
  { number: 478, version: '0.2.0', status: 'complete', part: 'net' },
];
