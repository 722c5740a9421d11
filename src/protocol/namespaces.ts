/** The XML namespaces that Meerkat speaks, under the names the RFCs and XEPs give them. */
export const ns = {
  /** RFC 6120 section 4.8.2: the content namespace of client streams. */
  CLIENT: 'jabber:client',
  SERVER: 'jabber:server',
  STREAM: 'http://etherx.jabber.org/streams',
  XML: 'http://www.w3.org/XML/1998/namespace',
  /** RFC 7395 section 3.3: `<open/>` and `<close/>`. */
  FRAMING: 'urn:ietf:params:xml:ns:xmpp-framing',
  HTTP_BIND: 'http://jabber.org/protocol/httpbind',
  XBOSH: 'urn:xmpp:xbosh',
  TLS: 'urn:ietf:params:xml:ns:xmpp-tls',
  SASL: 'urn:ietf:params:xml:ns:xmpp-sasl',
  BIND: 'urn:ietf:params:xml:ns:xmpp-bind',
  /** XEP-0138: what asks for compression, and the stream feature. */
  COMPRESS: 'http://jabber.org/protocol/compress',
  COMPRESS_FEATURE: 'http://jabber.org/features/compress',
  /** RFC 3921 section 3; kept for clients that still ask for it. */
  SESSION: 'urn:ietf:params:xml:ns:xmpp-session',
  STANZA_ERRORS: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  STREAM_ERRORS: 'urn:ietf:params:xml:ns:xmpp-streams',
  ROSTER: 'jabber:iq:roster',
  /** RFC 6121 section 2.6: roster versioning. */
  ROSTER_VERSIONING: 'urn:xmpp:features:rosterver',
  /** RFC 6121 section 3.4: pre-approved subscriptions. */
  PRE_APPROVAL: 'urn:xmpp:features:pre-approval',
  LAST: 'jabber:iq:last',
  DATA_FORMS: 'jabber:x:data',
  DISCO_INFO: 'http://jabber.org/protocol/disco#info',
  DISCO_ITEMS: 'http://jabber.org/protocol/disco#items',
  PRIVATE: 'jabber:iq:private',
  VCARD: 'vcard-temp',
  /** XEP-0153: the hash of a photo in presence. */
  VCARD_UPDATE: 'vcard-temp:x:update',
  REGISTER: 'jabber:iq:register',
  /** XEP-0077 section 8: the stream feature. */
  REGISTER_FEATURE: 'http://jabber.org/features/iq-register',
  VERSION: 'jabber:iq:version',
  CAPS: 'http://jabber.org/protocol/caps',
  /** XEP-0390. */
  CAPS2: 'urn:xmpp:caps',
  /** XEP-0300. */
  HASHES: 'urn:xmpp:hashes:2',
  COMMANDS: 'http://jabber.org/protocol/commands',
  /** XEP-0279. */
  SERVER_IP_CHECK: 'urn:xmpp:sic:1',
  /** XEP-0215. */
  EXTERNAL_SERVICES: 'urn:xmpp:extdisco:2',
  OFFLINE_FEATURE: 'msgoffline',
  /** XEP-0013: flexible retrieval of offline messages. */
  OFFLINE: 'http://jabber.org/protocol/offline',
  PING: 'urn:xmpp:ping',
  TIME: 'urn:xmpp:time',
  DELAY: 'urn:xmpp:delay',
  /** XEP-0091, superseded by DELAY; still sent by old clients. */
  LEGACY_DELAY: 'jabber:x:delay',
  /** XEP-0440: SASL channel-binding type capability. */
  SASL_CHANNEL_BINDING: 'urn:xmpp:sasl-cb:0',
  /** XEP-0478. */
  STREAM_LIMITS: 'urn:xmpp:stream-limits:0',
  CHAT_STATES: 'http://jabber.org/protocol/chatstates',
  /** XEP-0022, superseded by chat states and receipts. */
  MESSAGE_EVENTS: 'jabber:x:event',
  /** XEP-0359: unique and stable stanza ids. */
  STANZA_ID: 'urn:xmpp:sid:0',
  RECEIPTS: 'urn:xmpp:receipts',
  HINTS: 'urn:xmpp:hints',
  CARBONS: 'urn:xmpp:carbons:2',
  /** The version before, which MongooseIM answers as well. */
  CARBONS_1: 'urn:xmpp:carbons:1',
  /** XEP-0280 section 6.2. */
  CARBONS_RULES: 'urn:xmpp:carbons:rules:0',
  /** XEP-0352: client state indication. */
  CSI: 'urn:xmpp:csi:0',
  /** XEP-0249: direct invitations to rooms. */
  CONFERENCE: 'jabber:x:conference',
  /** XEP-0079: advanced message processing, its errors and its stream feature. */
  AMP: 'http://jabber.org/protocol/amp',
  AMP_ERRORS: 'http://jabber.org/protocol/amp#errors',
  AMP_FEATURE: 'http://jabber.org/features/amp',
  FORWARD: 'urn:xmpp:forward:0',
  MAM: 'urn:xmpp:mam:2',
  /** The version before, which MongooseIM answers as well. */
  MAM_1: 'urn:xmpp:mam:1',
  CHAT_MARKERS: 'urn:xmpp:chat-markers:0',
  /** XEP-0424 0.4, by the id of the message. */
  RETRACT: 'urn:xmpp:message-retract:1',
  /** XEP-0424 0.3, by the origin id. */
  RETRACT_0: 'urn:xmpp:message-retract:0',
  /** MongooseIM's own, by the stanza id. */
  RETRACT_BY_STANZA_ID: 'urn:esl:message-retract-by-stanza-id:0',
  /** XEP-0422, what XEP-0424 0.3 stands in. */
  FASTEN: 'urn:xmpp:fasten:0',
  STREAM_MANAGEMENT: 'urn:xmpp:sm:3',
  MUC_USER: 'http://jabber.org/protocol/muc#user',
  PRIVACY: 'jabber:iq:privacy',
  /** XEP-0191, and section 3.3 for the condition of errors. */
  BLOCKING: 'urn:xmpp:blocking',
  BLOCKING_ERRORS: 'urn:xmpp:blocking:errors',
  PUBSUB_EVENT: 'http://jabber.org/protocol/pubsub#event',
} as const;
