/** MongooseIM's shapers of requests to archives. */
import { expect, it } from 'vitest';
import { RequestPace } from '../../../../src/modules/mam/request-pace.js';
import { Jid } from '../../../../src/protocol/jid.js';
import { FakeClock } from '../../../support/fake-clock.js';

const alice = Jid.parse('alice@localhost/a') as Jid;
const admin = Jid.parse('admin@localhost/a') as Jid;

type Rules = Readonly<Record<string, (jid: Jid) => string>>;

function scene(rules: Rules) {
  const clock = new FakeClock();
  const value = (rule: string, jid: Jid) => rules[rule]?.(jid) ?? 'deny';
  const shapers = { slow: { max_rate: 1 }, fast: { max_rate: 100 } };
  const pace = new RequestPace({ clock, access: { value }, hasRule: (rule) => rule in rules, shapers });
  const turns: string[] = [];
  const ask = (jid = alice) => {
    const at = clock.now();
    void pace.turn('mam_set_prefs', jid).then((has) => turns.push(has ? `after ${clock.now() - at}` : 'refused'));
  };
  return { clock, ask, turns };
}

it('nobody waits where there is no rule, or the rule names no shaper', async () => {
  const harmless: Rules[] = [{}, { mam_set_prefs_shaper: () => 'none' }, { mam_get_prefs_shaper: () => 'slow' }];
  for (const rules of harmless) {
    const { clock, ask, turns } = scene(rules);
    for (let times = 0; times < 50; times++) ask();
    await clock.advance(0);
    expect(turns).toEqual(Array(50).fill('after 0'));
  }
});

it('requests beyond the rate wait, and those that would wait for more than three seconds are refused', async () => {
  const { clock, ask, turns } = scene({ mam_set_prefs_shaper: (jid) => (jid === admin ? 'fast' : 'slow') });
  for (let times = 0; times < 6; times++) ask();
  await clock.advance(10_000);
  expect(turns.sort()).toEqual(['after 0', 'after 1000', 'after 2000', 'after 3000', 'refused', 'refused']);
  turns.length = 0;
  for (let times = 0; times < 100; times++) ask(admin);
  ask();
  await clock.advance(0);
  expect(turns).toEqual(Array(101).fill('after 0'));
});

it('the slower one of both rules counts', async () => {
  const { clock, ask, turns } = scene({
    mam_set_prefs_shaper: () => 'fast',
    mam_set_prefs_global_shaper: () => 'slow',
  });
  ask();
  ask();
  await clock.advance(5_000);
  expect(turns).toEqual(['after 0', 'after 1000']);
});
