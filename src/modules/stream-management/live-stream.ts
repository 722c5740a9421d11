/** XEP-0198 on a stream that has a session: enabling it (section 3), requests and acknowledgements (section 4). */
import type { Session, StreamLink } from '../../core/sessions/session.js';
import type { Random } from '../../platform/random.js';
import type { Element } from '../../protocol/element.js';
import { StreamError } from '../../protocol/errors.js';
import { Acknowledgement, type Settling } from './acknowledgement.js';
import { type LinkRules, ManagedLink } from './managed-link.js';
import { answer, enabled, failed, readCount, readSeconds, wantsResumption } from './nonzas.js';

export interface LiveStreamParts {
  readonly rules: LinkRules;
  readonly config: { readonly resume_timeout: number; readonly location: string | undefined };
  readonly random: Random;
  readonly durability: Settling;
}

/** 128 bits. */
const ID_BYTES = 16;

export class LiveStream {
  readonly #parts: LiveStreamParts;

  constructor(parts: LiveStreamParts) {
    this.#parts = parts;
  }

  received(session: Session, element: Element, stream: StreamLink): void {
    const { link } = session;
    const isEnabled = link instanceof ManagedLink;
    if (element.name === 'enable' && !isEnabled) this.#enable(session, element, stream);
    else if (element.name === 'r' && isEnabled) this.#request(session, link);
    else if (element.name === 'a' && isEnabled) this.#acknowledge(link, element);
    else this.#refuse(element, stream);
  }

  #enable(session: Session, element: Element, stream: StreamLink): void {
    const { rules, config, random, durability } = this.#parts;
    const { resume_timeout, location } = config;
    // Without a buffer what came meanwhile would be lost: such a session must not outlive its connection.
    const isResumable = wantsResumption(element) && rules.keeps;
    const seconds = Math.min(readSeconds(element) || resume_timeout, resume_timeout);
    const resumable = isResumable ? { id: random.hex(ID_BYTES), seconds, location } : undefined;
    const acknowledgement = new Acknowledgement(durability);
    stream.write(enabled(resumable).toXml());
    session.link = new ManagedLink(session, { stream, rules, acknowledgement, resumable });
  }

  /** Answers behind everything that has come before the request. */
  #request(session: Session, link: ManagedLink): void {
    const { stream, acknowledgement } = link;
    const mark = acknowledgement.mark(link.handled);
    const tell = () => {
      if (!stream || link.stream !== stream || session.isClosed) return;
      const handled = acknowledgement.tell(mark);
      if (handled === undefined) link.end(lost);
      else stream.write(answer(handled));
    };
    const wait = acknowledgement.settled();
    if (wait) void wait.then(tell);
    else tell();
  }

  #acknowledge(link: ManagedLink, element: Element): void {
    const h = readCount(element);
    if (h === undefined) link.end(new StreamError('bad-format', 'An acknowledgement has a number'));
    else if (!link.acknowledge(h)) link.end(link.tooHigh(h));
  }

  /** Section 3: a second attempt ends the stream; what comes out of turn is only refused (section 6). */
  #refuse({ name }: Element, stream: StreamLink): void {
    stream.write(failed('unexpected-request').toXml());
    if (name === 'enable') stream.end(new StreamError('policy-violation', 'Stream management is enabled already'));
  }
}

/** What the client has sent and was not told to be safe, it still has. */
const lost = new StreamError('internal-server-error', 'The latest stanzas may be lost: send them again');
