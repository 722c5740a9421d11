/** XEP-0050 sections 2.4 and 3.4: commands of several steps, as modules offer them. */
import { describe, expect, it } from 'vitest';
import type { Host } from '../../../src/core/hosts/host.js';
import type { Iq } from '../../../src/core/routing/iq-table.js';
import type { Command, Stage } from '../../../src/modules/adhoc/api.js';
import { Commands } from '../../../src/modules/adhoc/commands.js';
import { systemRandom } from '../../../src/platform/random.js';
import { DataForm } from '../../../src/protocol/data-form.js';
import { Element, el } from '../../../src/protocol/element.js';
import { StanzaError } from '../../../src/protocol/errors.js';
import { Jid } from '../../../src/protocol/jid.js';
import { ns } from '../../../src/protocol/namespaces.js';
import { Stanza } from '../../../src/protocol/stanza.js';
import { FakeClock } from '../../support/fake-clock.js';

const ALICE = 'alice@localhost/r';

function form(name: string): DataForm {
  return new DataForm('form', { fields: [{ name, type: 'text-single', required: true }] });
}

/** Asks for a service, then for a state, which may be given at once; then it is done. */
function configure(done: string[]): Command {
  const stateOf = (service: string): Stage => ({
    fill: form('state'),
    complete: (submission) => {
      if (submission.text('state') === 'broken') return StanzaError.notAcceptable('cannot be broken');
      done.push(`${service} is ${submission.text('state')}`);
      return { notes: [{ type: 'info', text: 'done' }] };
    },
  });
  return {
    node: 'config',
    name: 'Configure',
    target: 'domain',
    mayRun: ({ local }) => local === 'alice',
    run: () => ({ fill: form('service'), next: (submission) => stateOf(submission.text('service') as string) }),
  };
}

function scene() {
  const clock = new FakeClock();
  const commands = new Commands(clock, systemRandom);
  const done: string[] = [];
  commands.add(configure(done));
  const send = async (
    attrs: Record<string, string>,
    fields?: Record<string, string>,
    from = ALICE,
    type = 'submit',
  ) => {
    const content = Object.entries(fields ?? {}).map(([name, value]) =>
      el('field', { var: name }, el('value', {}, value)),
    );
    const x = fields && el('x', { xmlns: ns.DATA_FORMS, type }, content);
    const payload = el('command', { xmlns: ns.COMMANDS, node: 'config', ...attrs }, x);
    const [to, sender] = [Jid.parse('localhost') as Jid, Jid.parse(from) as Jid];
    const stanza = Stanza.fromElement(el('iq', { xmlns: ns.CLIENT, type: 'set', id: '1' }, payload), to, sender);
    const iq: Iq = { host: {} as Host, stanza, type: 'set', payload, from: sender, to, session: undefined };
    return commands.handle(iq);
  };
  const start = async () => ((await send({})) as Element).attrs['sessionid'] as string;
  return { clock, commands, done, send, start };
}

function actionsOf(answer: unknown): unknown {
  if (!(answer instanceof Element)) return answer;
  const actions = answer.child('actions');
  return { execute: actions?.attrs['execute'], allowed: actions?.elements().map(({ name }) => name) };
}

function problem(answer: unknown): unknown {
  return answer instanceof StanzaError ? [answer.condition, answer.detail?.name] : answer;
}

describe('a command of several steps', () => {
  it('section 2.4.2: goes from form to form, and says at each what may be done', async () => {
    const { send, done } = scene();
    const first = (await send({})) as Element;
    expect(first.attrs).toMatchObject({ node: 'config', status: 'executing', sessionid: expect.any(String) });
    expect(actionsOf(first)).toEqual({ execute: 'next', allowed: ['next'] });
    expect(DataForm.findIn(first)?.fields[0]?.name).toBe('service');
    const sessionid = first.attrs['sessionid'] as string;

    const second = (await send({ sessionid }, { service: 'httpd' })) as Element;
    expect(second.attrs).toMatchObject({ status: 'executing', sessionid });
    expect(actionsOf(second)).toEqual({ execute: 'complete', allowed: ['prev', 'complete'] });

    const last = (await send({ sessionid }, { state: 'on' })) as Element;
    expect(last.attrs).toMatchObject({ status: 'completed', sessionid, 'xml:lang': 'en' });
    expect(last.childText('note')).toBe('done');
    expect(done).toEqual(['httpd is on']);
    expect(problem(await send({ sessionid }, { state: 'on' }))).toEqual(['not-allowed', 'session-expired']);
  });

  it('section 2.4.2: goes back, and on by another way', async () => {
    const { send, start, done } = scene();
    const sessionid = await start();
    expect(problem(await send({ sessionid, action: 'prev' }))).toEqual(['bad-request', 'bad-action']);
    await send({ sessionid, action: 'next' }, { service: 'httpd' });
    const back = (await send({ sessionid, action: 'prev' })) as Element;
    expect(DataForm.findIn(back)?.fields[0]?.name).toBe('service');
    expect(actionsOf(back)).toEqual({ execute: 'next', allowed: ['next'] });
    await send({ sessionid, action: 'next' }, { service: 'jabberd' });
    await send({ sessionid, action: 'complete' }, { state: 'off' });
    expect(done).toEqual(['jabberd is off']);
  });

  it('section 2.4.3: can be canceled at any step', async () => {
    const { send, start, commands } = scene();
    const sessionid = await start();
    expect(((await send({ sessionid, action: 'cancel' })) as Element).attrs).toMatchObject({
      status: 'canceled',
      sessionid,
    });
    expect(commands.sessions.size).toBe(0);
    expect(problem(await send({ sessionid }))).toEqual(['not-allowed', 'session-expired']);
  });

  it('section 3.4: does nothing that the step does not allow', async () => {
    const { send, start } = scene();
    const sessionid = await start();
    expect(problem(await send({ sessionid, action: 'complete' }, { service: 'httpd' }))).toEqual([
      'bad-request',
      'bad-action',
    ]);
    expect(problem(await send({ sessionid, action: 'jump' }))).toEqual(['bad-request', 'malformed-action']);
  });

  it('section 4.4: takes no form that does not answer its own, and stays where it was', async () => {
    const { send, start, done } = scene();
    const sessionid = await start();
    const wrong: (Record<string, string> | undefined)[] = [undefined, {}, { other: 'x' }, { service: '' }];
    for (const fields of wrong)
      expect(problem(await send({ sessionid }, fields))).toEqual(['bad-request', 'bad-payload']);
    expect(problem(await send({ sessionid }, { service: 'httpd' }, ALICE, 'result'))).toEqual([
      'bad-request',
      'bad-payload',
    ]);
    await send({ sessionid }, { service: 'httpd' });
    expect(problem(await send({ sessionid }, { state: 'broken' }))).toEqual(['not-acceptable', undefined]);
    await send({ sessionid }, { state: 'on' });
    expect(done).toEqual(['httpd is on']);
  });

  it('section 3.5.1: a form of type cancel counts as submitted', async () => {
    const { send, start } = scene();
    const answer = (await send({ sessionid: await start() }, { service: 'httpd' }, ALICE, 'cancel')) as Element;
    expect(answer.attrs['status']).toBe('executing');
  });

  it("section 3.3: somebody else's session is none, and a command that is not allowed is forbidden", async () => {
    const { send, start, commands, done } = scene();
    const sessionid = await start();
    for (const action of ['next', 'cancel', 'execute'])
      expect(problem(await send({ sessionid, action }, { service: 'x' }, 'alice@localhost/other'))).toEqual([
        'bad-request',
        'bad-sessionid',
      ]);
    expect(problem(await send({ sessionid }, { service: 'x' }, 'mallory@localhost/r'))).toEqual([
      'forbidden',
      undefined,
    ]);
    expect(commands.sessions.size).toBe(1);
    expect(done).toEqual([]);
    const listed = (who: string) =>
      [...commands.listFor(Jid.parse(who) as Jid, Jid.parse('localhost') as Jid)].map(({ node }) => node);
    expect([listed(ALICE), listed('mallory@localhost/r')]).toEqual([['config'], []]);
  });

  it('section 3.3: is over when nobody goes on for ten minutes', async () => {
    const { clock, send, start } = scene();
    const sessionid = await start();
    await clock.advance(600_000);
    expect(problem(await send({ sessionid }, { service: 'httpd' }))).toEqual(['not-allowed', 'session-expired']);
  });

  it('takes no step before the last one is finished', async () => {
    const { commands, send } = scene();
    let finish: () => void = () => {};
    const next = () =>
      new Promise<Stage>((resolve) => {
        finish = () => resolve({ fill: form('more'), complete: () => ({}) });
      });
    commands.add({ node: 'slow', name: 'Slow', target: 'domain', run: () => ({ fill: form('a'), next }) });
    const { sessionid } = ((await send({ node: 'slow' })) as Element).attrs as Record<string, string>;
    const running = send({ node: 'slow', sessionid: sessionid as string }, { a: 'x' });
    expect(problem(await send({ node: 'slow', sessionid: sessionid as string }, { a: 'x' }))).toEqual([
      'unexpected-request',
      undefined,
    ]);
    finish();
    expect(((await running) as Element).attrs['status']).toBe('executing');
  });

  it('a second command of the same node is a mistake; one that is taken away is not found', async () => {
    const { commands, send } = scene();
    const remove = commands.add({ node: 'x', name: 'X', target: 'domain', run: () => ({}) });
    expect(() => commands.add({ node: 'x', name: 'X', target: 'domain', run: () => ({}) })).toThrow('two commands');
    expect(((await send({ node: 'x' })) as Element).attrs['status']).toBe('completed');
    remove();
    expect(problem(await send({ node: 'x' }))).toEqual(['item-not-found', undefined]);
  });
});
