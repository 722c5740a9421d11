/** The commands that there are, and the steps of those that run (XEP-0050 sections 2.4 and 3). */
import type { Iq, IqAnswer } from '../../core/routing/iq-table.js';
import type { Clock } from '../../platform/clock.js';
import type { Random } from '../../platform/random.js';
import type { Element } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import type { Jid } from '../../protocol/jid.js';
import type { Command, Outcome, Proceed, Stage } from './api.js';
import {
  type Action,
  badRequest,
  canceledElement,
  outcomeElement,
  parseCommand,
  sessionExpired,
  stageElement,
  submissionOf,
} from './command-element.js';
import { type CommandSession, CommandSessions } from './command-sessions.js';

/** Stages that a requester can go back to. */
const MAX_STAGES = 50;

export class Commands {
  readonly sessions: CommandSessions;
  readonly #commands = new Map<string, Command>();

  constructor(clock: Clock, random: Random) {
    this.sessions = new CommandSessions(clock, random);
  }

  add(command: Command): () => void {
    const key = keyOf(command.target, command.node);
    if (this.#commands.has(key)) throw new Error(`two commands ${key}`);
    this.#commands.set(key, command);
    return () => this.#commands.delete(key);
  }

  find(to: Jid, node: string): Command | undefined {
    return this.#commands.get(keyOf(targetOf(to), node));
  }

  /** Those of the domain or of an account that somebody may use, by name. */
  *listFor(who: Jid, to: Jid): IterableIterator<Command> {
    for (const command of this.#commands.values())
      if (command.target === targetOf(to) && mayRun(command, who)) yield command;
  }

  /** Answers a request; whose turn it is in an account's place has been checked. */
  async handle(iq: Iq): Promise<IqAnswer> {
    const request = parseCommand(iq.payload);
    if (request instanceof StanzaError) return request;
    const { node, action, sessionId } = request;
    const found = this.find(iq.to, node);
    if (!found) return StanzaError.itemNotFound();
    if (!mayRun(found, iq.from)) return StanzaError.forbidden();
    if (sessionId === undefined) return action === 'execute' ? this.#start(iq, found) : badRequest('bad-action');

    const session = this.sessions.find(sessionId, { from: iq.from, to: iq.to, node });
    if (session === 'unknown') return badRequest('bad-sessionid');
    if (session === 'over') return sessionExpired();
    // Who sends the next step before the answer to this one cannot know what it is a step of.
    if (session.isBusy) return StanzaError.unexpectedRequest('the last step is not finished');
    return this.#step(iq, node, session, action);
  }

  async #start(iq: Iq, { node, run }: Command): Promise<Element | StanzaError> {
    const { host, from, to } = iq;
    const first = await run({ host, from, to, session: iq.session });
    if (first instanceof StanzaError) return first;
    const parties = { from, to, node };
    if (!isStage(first)) return outcomeElement(node, this.sessions.newId(parties), first);
    const session = this.sessions.begin(parties);
    session.stages.push(first);
    return stageElement(node, session.id, first, false);
  }

  #step(
    iq: Iq,
    node: string,
    session: CommandSession,
    action: Action,
  ): Element | StanzaError | Promise<Element | StanzaError> {
    const { stages, id } = session;
    const stage = stages.at(-1) as Stage;
    if (action === 'cancel') {
      this.sessions.end(session);
      return canceledElement(node, id);
    }
    if (action === 'prev') {
      if (stages.length < 2) return badRequest('bad-action');
      stages.pop();
      return stageElement(node, id, stages.at(-1) as Stage, stages.length > 1);
    }
    const meant = action === 'execute' ? (stage.next ? 'next' : 'complete') : action;
    const proceed = stage[meant];
    return proceed ? this.#proceed(iq, node, session, proceed) : badRequest('bad-action');
  }

  async #proceed(iq: Iq, node: string, session: CommandSession, proceed: Proceed): Promise<Element | StanzaError> {
    const { stages, id } = session;
    const submission = submissionOf(iq.payload, stages.at(-1) as Stage);
    if (submission instanceof StanzaError) return submission;
    session.isBusy = true;
    try {
      const result = await proceed(submission);
      if (result instanceof StanzaError) return result;
      if (!isStage(result)) {
        this.sessions.end(session);
        return outcomeElement(node, id, result);
      }
      if (stages.length >= MAX_STAGES) stages.shift();
      stages.push(result);
      return stageElement(node, id, result, true);
    } finally {
      session.isBusy = false;
    }
  }
}

function isStage(result: Stage | Outcome): result is Stage {
  return 'fill' in result;
}

export function mayRun({ mayRun: rule }: Command, who: Jid): boolean {
  return rule?.(who) ?? true;
}

function targetOf(to: Jid): Command['target'] {
  return to.local === '' ? 'domain' : 'account';
}

function keyOf(target: Command['target'], node: string): string {
  return `${target} ${node}`;
}
