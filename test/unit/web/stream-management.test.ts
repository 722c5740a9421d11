/** What the chat client counts (XEP-0198). */
import { expect, it } from 'vitest';
import { StreamManagement } from '../../../web/xmpp/stream-management.js';
import { xml } from '../../../web/xmpp/xml.js';

const message = (id: string) => xml('message', 'jabber:client', { id });

it('XEP-0198 section 4: what was acknowledged is told once, and the rest stays', () => {
  const management = new StreamManagement('id');
  for (const id of ['1', '2', '3']) management.sent(message(id));
  expect(management.acknowledged('2').map(({ attrs }) => attrs['id'])).toEqual(['1', '2']);
  expect(management.acknowledged('2')).toEqual([]);
  expect(management.unacknowledged.map(({ attrs }) => attrs['id'])).toEqual(['3']);
});

it.each(['4', '-1', 'x', '1.5', '4294967296', undefined])('the count %s after three stanzas changes nothing', (h) => {
  const management = new StreamManagement('id');
  for (const id of ['1', '2', '3']) management.sent(message(id));
  expect(management.acknowledged(h)).toEqual([]);
  expect(management.unacknowledged).toHaveLength(3);
});

it('XEP-0198 section 5: a resumption tells what came', () => {
  const management = new StreamManagement('id');
  management.received();
  management.received();
  expect(management.resume.attrs).toEqual({ h: '2', previd: 'id' });
  expect(management.answer.attrs).toEqual({ h: '2' });
});
