/** XEP-0202: the time of the server. */
import { expect } from 'vitest';
import { stories } from '../support/story/story.js';

stories('XEP-0202', (story) => {
  story('section 3: the time in UTC, and how far the own zone is from it', { alice: 1 }, async ({ alice }) => {
    const before = Date.now();
    const time = (await alice.asks("<iq type='get' to='localhost'><time xmlns='urn:xmpp:time'/></iq>")).getChild(
      'time',
      'urn:xmpp:time',
    );
    const utc = time?.getChildText('utc') ?? '';
    expect(utc).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
    expect(Date.parse(utc)).toBeGreaterThanOrEqual(before - 1_000);
    expect(Date.parse(utc)).toBeLessThanOrEqual(Date.now());
    expect(time?.getChildText('tzo')).toMatch(/^(Z|[+-]\d\d:\d\d)$/);
  });
});
