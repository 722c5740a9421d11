/** The element `<command/>` of XEP-0050: requests read, answers written, errors with their conditions. */
import { DataForm } from '../../protocol/data-form.js';
import { type Element, el } from '../../protocol/element.js';
import { StanzaError } from '../../protocol/errors.js';
import { FormSubmission } from '../../protocol/form-submission.js';
import { ns } from '../../protocol/namespaces.js';
import type { CommandNote, Outcome, Stage } from './api.js';

export type Action = 'execute' | 'cancel' | 'prev' | 'next' | 'complete';

const ACTIONS: ReadonlySet<string> = new Set(['execute', 'cancel', 'prev', 'next', 'complete'] satisfies Action[]);

export interface CommandRequest {
  readonly node: string;
  readonly action: Action;
  readonly sessionId: string | undefined;
}

/** Section 4.4. */
type Condition = 'bad-action' | 'malformed-action' | 'bad-payload' | 'bad-sessionid';

export function badRequest(condition: Condition, text?: string): StanzaError {
  return StanzaError.badRequest(text).withDetail(el(condition, { xmlns: ns.COMMANDS }));
}

export function sessionExpired(): StanzaError {
  return StanzaError.notAllowed().withDetail(el('session-expired', { xmlns: ns.COMMANDS }));
}

export function parseCommand({ attrs }: Element): CommandRequest | StanzaError {
  const { node, action = 'execute', sessionid } = attrs;
  if (!node) return StanzaError.badRequest('a command has a node');
  if (!ACTIONS.has(action)) return badRequest('malformed-action');
  return { node, action: action as Action, sessionId: sessionid };
}

/** What was filled in, held against the form of the stage. Section 3.5.1: a form of type `cancel` counts as submitted. */
export function submissionOf(command: Element, { fill }: Stage): FormSubmission | StanzaError {
  const element = command.child('x', ns.DATA_FORMS);
  const form = element ? DataForm.parse(element) : new DataForm('submit');
  if (!form || (form.type !== 'submit' && form.type !== 'cancel'))
    return badRequest('bad-payload', 'not a submitted form');
  const submission = FormSubmission.check(fill, form);
  const [problem] = submission.problems;
  return problem ? badRequest('bad-payload', `${problem.field}: ${problem.reason}`) : submission;
}

/** The texts of the server are English, whatever was asked for: an answer in another language is better than none (section 3.7). */
function command(
  node: string,
  sessionId: string,
  status: string,
  ...content: (Element | Element[] | undefined)[]
): Element {
  const attrs = { xmlns: ns.COMMANDS, node, sessionid: sessionId, status, 'xml:lang': 'en' };
  return el('command', attrs, ...content);
}

export function stageElement(node: string, sessionId: string, stage: Stage, hasPrevious: boolean): Element {
  const actions = el(
    'actions',
    // Section 3.4: without the attribute it would be `next`, which has to be allowed then.
    { execute: stage.next ? 'next' : 'complete' },
    hasPrevious && el('prev'),
    stage.next && el('next'),
    stage.complete && el('complete'),
  );
  return command(node, sessionId, 'executing', actions, notes(stage.notes), stage.fill.toElement());
}

export function outcomeElement(node: string, sessionId: string, outcome: Outcome): Element {
  const payload = [...(outcome.payload ?? [])];
  return command(node, sessionId, 'completed', notes(outcome.notes), outcome.form?.toElement(), payload);
}

export function canceledElement(node: string, sessionId: string): Element {
  return command(node, sessionId, 'canceled');
}

function notes(given: readonly CommandNote[] = []): Element[] {
  return given.map(({ type, text }) => el('note', { type }, text));
}
