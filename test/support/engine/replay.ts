/** Sends a stream to an engine over a socket, in its pieces, and writes down what the engine tells. */
import { eventKind, word } from '../../../src/engine/envelope.js';
import { type Proceed, proceed } from '../../../src/engine/port.js';
import type { Element } from '../../../src/protocol/element.js';
import { Client, type CreateEngine, LISTEN, Shard } from './harness.js';
import { pieces, type StreamCase } from './streams.js';

export interface Replayed {
  /** Kind and flags. */
  readonly kind: number;
  readonly bytes: string;
  /** TO to FROM_CUT, then the failure. */
  readonly words: readonly number[];
  readonly tree: unknown;
}

const { STREAM_OPENED, ELEMENT, STREAM_CLOSED, STREAM_FAILED, CLOSED } = eventKind;

export class Replay {
  readonly #shard: Shard;
  #heard: Replayed[] = [];
  #isStreaming = false;
  #isLogin = false;

  private constructor(shard: Shard) {
    this.#shard = shard;
  }

  static async start(create: CreateEngine): Promise<Replay> {
    const replay: Replay = new Replay(
      await Shard.start(create, (told, engine) => {
        const { kind, slot, generation } = told;
        const hasTree = kind === STREAM_OPENED || kind === ELEMENT;
        const tree = hasTree ? plain(engine.tree(told.envelope)) : undefined;
        if (hasTree || kind === STREAM_CLOSED || kind === STREAM_FAILED) {
          replay.#heard.push({
            kind: kind | told.flags,
            bytes: told.bytes.toString('latin1'),
            words: [...told.words.slice(word.TO, word.DETAIL), kind === STREAM_FAILED ? told.detail : 0],
            tree,
          });
        }
        // Nothing more is read then, maybe not even the client's end.
        if (kind === STREAM_CLOSED || kind === STREAM_FAILED) engine.abort(slot, generation);
        if (tree) engine.proceed(slot, generation, replay.#next(kind === ELEMENT && tree.name === 'response'));
      }),
    );
    return replay;
  }

  async run(stream: StreamCase): Promise<Replayed[]> {
    this.#heard = [];
    this.#isStreaming = stream.isStreaming;
    this.#isLogin = stream.isLogin === true;
    const { listener, port } = await this.#shard.engine.listen({ ...LISTEN, limits: stream.limits });
    const client = await Client.connect(port);
    for (const piece of pieces(stream)) {
      client.send(piece);
      await new Promise((resolve) => setImmediate(resolve));
    }
    client.socket.end();
    await this.#shard.next(CLOSED);
    client.destroy();
    this.#shard.engine.unlisten(listener);
    return this.#heard;
  }

  /** The tree of one element by itself. */
  parse(xml: Uint8Array): unknown {
    const element = this.#shard.engine.parse(xml);
    return element && plain(element);
  }

  stop(): void {
    this.#shard.engine.stop();
  }

  #next(isResponse: boolean): Proceed {
    if (this.#isLogin && isResponse) {
      this.#isLogin = false;
      return proceed.RESTART;
    }
    return this.#isStreaming && !this.#isLogin ? proceed.STREAM : proceed.STEP;
  }
}

/** A tree as plain data, adjacent text joined. */
function plain(element: Element): { name: string } & Record<string, unknown> {
  const children: unknown[] = [];
  for (const child of element.children) {
    const last = children.at(-1);
    if (typeof child !== 'string') children.push(plain(child));
    else if (typeof last === 'string') children[children.length - 1] = last + child;
    else children.push(child);
  }
  return { name: element.name, ns: element.ns, attrs: { ...element.attrs }, children };
}
