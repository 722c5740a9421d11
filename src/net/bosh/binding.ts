/** What the parts of BOSH say to one another: requests, answers, and the conditions that end a session (XEP-0124). */

/** XEP-0124 section 17.2; the deprecated code of HTTP is for clients that did not tell a version (section 17.1). */
export const conditions = {
  'bad-request': 400,
  'host-unknown': 200,
  'improper-addressing': 200,
  'internal-server-error': 200,
  'item-not-found': 404,
  'policy-violation': 403,
  'remote-connection-failed': 200,
  'remote-stream-error': 200,
  'system-shutdown': 200,
} as const;
export type Condition = keyof typeof conditions;

/** What a stream begins with, or anew. */
export interface StreamOpening {
  readonly to: string;
  readonly from: string | undefined;
  readonly lang: string | undefined;
  readonly version: string | undefined;
}

/** One `<body/>` of a session that exists. */
export interface BoshRequest {
  readonly rid: number;
  /** Any number of elements. */
  readonly payload: Uint8Array;
  readonly isTerminating: boolean;
  readonly pauseMs: number | undefined;
  readonly restart: StreamOpening | undefined;
  /** The highest one whose answer the client has, and all in front of it. */
  readonly ack: number | undefined;
  readonly key: string | undefined;
  readonly newKey: string | undefined;
}

export interface BoshAnswer {
  readonly status: number;
  readonly body: Uint8Array;
}

/** A request of HTTP that waits for its answer, which may be given at any time and goes nowhere when the client has left. */
export interface BoshExchange {
  answer(answer: BoshAnswer): void;
}

/** Where the payload goes. */
export interface BoshStream {
  /** These three say false when no more should come before `readOn`. */
  open(opening: StreamOpening): boolean;
  feed(payload: Uint8Array): boolean;
  close(): boolean;
  /** So many bytes of what the stream said are answered. */
  sent(bytes: number): void;
  /** The client has so many of the frames that are counted. */
  delivered(frames: number): void;
  /** The session is over. */
  leave(isOrderly: boolean): void;
}

export interface SessionSettings {
  readonly sid: string;
  /** The longest time that a request is held, and how many are. */
  readonly waitMs: number;
  readonly hold: number;
  /** How long there may be no request at all, and how much of it a client may ask for. */
  readonly inactivityMs: number;
  readonly maxPauseMs: number;
  /** The shortest time between two empty requests. */
  readonly pollingMs: number;
  readonly serverAcks: boolean;
  readonly clientAcks: boolean;
  /** The version that both sides know; undefined for a client from before versions. */
  readonly version: string | undefined;
  /** Payload that waits for a request in front of it, or for room in its stream. */
  readonly maxWaitingBytes: number;
}
