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

  story('only the server has a time, and nobody sets it', { alice: 1 }, async ({ alice }) => {
    const condition = async (type: string, to: string) => {
      const answer = await alice.asks(`<iq type='${type}' to='${to}'><time xmlns='urn:xmpp:time'/></iq>`);
      return answer.getChild('error')?.getChildElements()[0]?.getName();
    };
    expect(await condition('get', alice.bare)).toBe('service-unavailable');
    expect(await condition('set', 'localhost')).toBe('not-allowed');
  });
});
