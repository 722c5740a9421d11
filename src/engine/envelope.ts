/**
 * The layout of an envelope: what the engine tells about one event, as sixteen 32-bit words. The native side has the same
 * numbers in native/core/xml/envelope.h; a test compares the two.
 *
 * Offsets of attributes are relative to the start of the element; a span is `offset << 16 | length`, and 0 means absent.
 */
export const WORDS_PER_ENVELOPE = 16;

export const word = {
  /** Low 8 bits: `eventKind`. High 24 bits: `envelopeFlag`. */
  KIND: 0,
  SLOT: 1,
  GENERATION: 2,
  /** First byte of the element, header or payload in the arena. */
  START: 3,
  /** One past its last byte. */
  END: 4,
  /** Spans of attribute values, without their quotes. */
  TO: 5,
  FROM: 6,
  ID: 7,
  LANG: 8,
  /** Low 8 bits: `stanzaKind`. Next 8 bits: index into `stanzaTypes`. High 16 bits: number of child elements, at most 65535. */
  STANZA: 9,
  CHILDREN_LOW: 10,
  CHILDREN_HIGH: 11,
  /** Low 16 bits: end of the element's name, where a `from` is put in. High 16 bits: one past the `>` of the start tag. */
  HEAD: 12,
  /** Span of the whole `from` attribute with the white space before it: what is cut when the server stamps its own. */
  FROM_CUT: 13,
  /** By kind: `streamFailure`, `closeReason`, listener id, source shard of a call, `refusal`, or `release`. */
  DETAIL: 14,
  /** Of FRAME, written by the shard while the batch runs: not 0 when the frame has left the process, so that `sent` is not due. */
  LEFT: 14,
  /**
   * Of stanzas: a number for the text of the address, 0 when it has none. The low 16 bits say where to remember what the text means;
   * the text is the one remembered there as long as the whole number is the same.
   */
  FROM_NUMBER: 14,
  TO_NUMBER: 15,
  /** Of REFUSED: how many connections. */
  COUNT: 15,
} as const;

export const eventKind = {
  /** A connection was accepted; DETAIL is the listener. */
  CONNECTED: 1,
  /** A stream header arrived; the span is its start tag. */
  STREAM_OPENED: 2,
  /** A complete top-level element: a stanza or a nonza. */
  ELEMENT: 3,
  /** The peer closed its stream; the connection is still open. */
  STREAM_CLOSED: 4,
  /** The bytes broke a rule or a limit; DETAIL is the `streamFailure`. No further input is read. */
  STREAM_FAILED: 5,
  /** A TLS handshake is complete. */
  SECURED: 6,
  /** The connection is gone; DETAIL is the `closeReason`. The last event of its generation. */
  CLOSED: 7,
  /** A canonical stanza from another shard. */
  ROUTED: 8,
  /** An opaque call from another shard; DETAIL is that shard. */
  CALLED: 9,
  /** A connection moved here; the span is the state that came with it, DETAIL the shard it came from. */
  ARRIVED: 10,
  /** The output queue fell below half of its limit after `send` said that it was over. */
  DRAINED: 11,
  /** The deadline that was set for the connection has passed. */
  TIMED_OUT: 12,
  /**
   * Connections were closed before they were told of. Low 8 bits of DETAIL: the `refusal`; the others: the listener. The span is the
   * address of the last of them. The first is told at once, those of the next seconds together.
   */
  REFUSED: 13,
  // About a carrier, whose slot and generation these have.
  /** The span is a frame for the socket to send, in the order of these events. */
  FRAME: 14,
  /** `feed` said to stop, and there is room again. */
  READ_ON: 15,
  /** The connection is gone: the socket is to be closed behind what it was given, or at once; DETAIL is the `release`. `detach` ends it. */
  RELEASED: 16,
} as const;

export const envelopeFlag = {
  /** One of the spans holds a reference, or white space that counts as a space: `attributeValue` has to read it. */
  ESCAPED: 1 << 8,
  /** One of the spans holds bytes above 0x7f. */
  NON_ASCII: 1 << 9,
  /** The element leans on a prefix declared by the stream header, or is prefixed itself: it must be rewritten before it goes elsewhere. */
  FOREIGN_SCOPE: 1 << 10,
  /** The element's own tag declares a default namespace. */
  OWN_NAMESPACE: 1 << 11,
} as const;

export const stanzaKind = { NONZA: 0, MESSAGE: 1, PRESENCE: 2, IQ: 3 } as const;

/** Values of `type`; index 0 stands for an absent attribute and `UNKNOWN_TYPE` for any other value. */
export const stanzaTypes = [
  '',
  'chat',
  'error',
  'groupchat',
  'headline',
  'normal',
  'get',
  'set',
  'result',
  'unavailable',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'probe',
] as const;
export const UNKNOWN_TYPE = 255;

/** Why the framer gave up; the names say which stream error of RFC 6120 section 4.9.3 follows. */
export const streamFailure = {
  NONE: 0,
  NOT_WELL_FORMED: 1,
  RESTRICTED_XML: 2,
  BAD_NAMESPACE_PREFIX: 3,
  UNSUPPORTED_ENCODING: 4,
  /** Bytes that are not UTF-8, or code points that XML forbids. */
  BAD_CHARACTER: 5,
  /** Well-formed, but no `stream` element of the streams namespace where one has to be. */
  INVALID_NAMESPACE: 6,
  BAD_FORMAT: 7,
  STANZA_TOO_LARGE: 8,
  TOO_DEEP: 9,
  TOO_MANY_ATTRIBUTES: 10,
  TAG_TOO_LARGE: 11,
  TOO_MANY_CHILDREN: 12,
  /** More bytes before authentication than the connection may send. */
  TOO_MUCH_BEFORE_AUTHENTICATION: 13,
  /** A compressed stream grows beyond its limit, or as no text does. */
  TOO_MUCH_DECOMPRESSED: 14,
  /** Not what zlib writes, or bytes behind its end. */
  BAD_COMPRESSION: 15,
  /** A frame that is not one whole element; for BOSH, not whole elements. */
  BAD_FRAME: 16,
  /** More waits unread than `maxInputBytes`: of a peer that cannot be made to wait. */
  TOO_MUCH_UNREAD: 17,
} as const;

export const closeReason = {
  /** We closed it, all output written. */
  LOCAL: 0,
  /** The peer closed its side. */
  PEER: 1,
  RESET: 2,
  TLS_FAILED: 3,
  /** The output queue grew over its limit (`max_fsm_queue`, or the byte limit). */
  QUEUE_FULL: 4,
  /** The peer did not take our last bytes in time. */
  LINGER_TIMEOUT: 5,
  /** Moved to another shard; the story goes on there. */
  MOVED: 6,
  /** `connect` did not get there: nobody listens, or no way leads to them. */
  UNREACHABLE: 7,
} as const;

/** How the owner of a carrier closes its socket. */
export const release = {
  /** Behind the frames that it was given: the connection was closed in an orderly way. */
  DONE: 0,
  /** At once. */
  CUT: 1,
} as const;

/** What was wrong with the PROXY header of a connection, or with who sent it. */
export const refusal = {
  /** The first bytes are none of a header. */
  MISSING: 1,
  BROKEN: 2,
  TOO_LONG: 3,
  BAD_CHECKSUM: 4,
  /** The peer ended within it. */
  CUT_SHORT: 5,
  /** It was not there in time. */
  LATE: 6,
  /** The peer is none that may send one. */
  UNTRUSTED: 7,
} as const;
