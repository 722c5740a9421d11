/** XEP-0198 section 4: when a managed link asks for an acknowledgement, once its client counts. */
import { beforeEach, expect, it } from 'vitest';
import type { Session, StreamLink } from '../../../../src/core/sessions/session.js';
import { Acknowledgement } from '../../../../src/modules/stream-management/acknowledgement.js';
import { ManagedLink } from '../../../../src/modules/stream-management/managed-link.js';
import { el } from '../../../../src/protocol/element.js';
import { ns } from '../../../../src/protocol/namespaces.js';
import { Stanza } from '../../../../src/protocol/stanza.js';
import { FakeClock } from '../../../support/fake-clock.js';

let written: string[];

function linkAsking(requestEvery: number): ManagedLink {
  const stream = { write: (xml: string) => void written.push(/^<([a-z]+)/.exec(xml)?.[1] ?? '') };
  const limits = { keeps: true, maxStanzas: 10_000, maxBytes: 1e9 };
  const rules = { ...limits, clock: new FakeClock(), requestEvery, overflowed() {}, expired() {} };
  const acknowledgement = new Acknowledgement({ settled: () => undefined, troubles: 0 });
  const parts = { stream: stream as unknown as StreamLink, rules, acknowledgement, resumable: undefined };
  const link = new ManagedLink({ handled: 0 } as Session, parts);
  link.acknowledge(0);
  return link;
}

function deliver(link: ManagedLink, ...names: string[]): void {
  for (const name of names) link.deliver(Stanza.fromElement(el(name, { xmlns: ns.CLIENT }), undefined, undefined));
}

beforeEach(() => {
  written = [];
});

it('behind each message and request at once', () => {
  deliver(linkAsking(1), 'message', 'iq', 'message');
  expect(written.join(' ')).toBe('message r iq r message r');
});

it('once behind all presence of a turn, and again behind that of the next', async () => {
  const link = linkAsking(1);
  for (const _ of [1, 2]) {
    deliver(link, 'presence', 'presence', 'presence');
    expect(written.splice(0).join(' ')).toBe('presence presence presence');
    await undefined;
    expect(written.splice(0).join(' ')).toBe('r');
  }
});

it('not a second time for presence that a request has covered since', async () => {
  deliver(linkAsking(1), 'presence', 'message');
  await undefined;
  expect(written.join(' ')).toBe('presence message r');
});

it('not before there are as many as it waits for', async () => {
  const link = linkAsking(3);
  deliver(link, 'presence', 'message');
  await undefined;
  expect(written.splice(0).join(' ')).toBe('presence message');
  deliver(link, 'presence', 'presence');
  await undefined;
  expect(written.join(' ')).toBe('presence presence r');
});

it('never of a stream that is gone when the turn ends', async () => {
  const link = linkAsking(1);
  deliver(link, 'presence');
  link.detach();
  await undefined;
  expect(written.join(' ')).toBe('presence');
});
