/** The options of mod_mam that the shared servers do not show. */
import { expect } from 'vitest';
import { Actor } from '../support/story/actor.js';
import { archive, converse, forwarded, refused } from '../support/story/archive.js';
import { type Engine, onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { eventually } from '../support/story/eventually.js';
import { teller } from '../support/story/story.js';

const MAM = 'urn:xmpp:mam:2';
const words = (count: number) => Array.from({ length: count }, (_, index) => `m${index}`);

/** Everything off that can be off, and rows as MongooseIM writes them by default. */
const sparse = (engine: Engine) =>
  ownConfig({
    engine,
    shards: 2,
    rest: `
[modules.mod_disco]
[modules.mod_mam]
  message_retraction = false
  full_text_search = false
  default_result_limit = 3
  max_result_limit = 20
  db_jid_format = "mam_jid_rfc"
  [modules.mod_mam.pm]
    enforce_simple_queries = true
    max_result_limit = 5
    db_message_format = "mam_message_compressed_eterm"
[acl]
  keepers = [{user = "keeper"}]
  outcasts = [{user = "outcast"}]
[access]
  mam_set_message_form = [{acl = "keepers", value = "allow"}, {acl = "outcasts", value = "deny"}, {acl = "all", value = "default"}]
  mam_get_metadata = [{acl = "all", value = "default"}]
`,
  });

onBothEngines('mod_mam, sparse', sparse, (server) => {
  const story = teller(server);

  story('pages have the size that is configured, and are not counted', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice!, bob!, words(7));
    for (const actor of [alice!, bob!]) {
      const page = await archive(actor);
      expect([page.bodies, page.isComplete, page.count, page.index]).toEqual([words(3), false, undefined, undefined]);
      const large = await archive(actor, { set: '<max>50</max>' });
      expect([large.bodies, large.first, large.last]).toEqual([words(5), large.ids[0], large.ids[4]]);
      const rest = await archive(actor, { set: `<max>5</max><after>${large.last}</after>` });
      expect([rest.bodies, rest.isComplete]).toEqual([['m5', 'm6'], true]);
      expect((await archive(actor, { fields: { with: (actor === alice ? bob! : alice!).jid } })).bodies).toEqual(
        words(3),
      );
    }
  });

  story('markers are not archived, retractions leave no tombstone', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await converse(alice!, bob!, ['kept']);
    alice!.send(`<message to='${bob!.jid}' type='chat'><displayed xmlns='urn:xmpp:chat-markers:0' id='1'/></message>`);
    alice!.send(
      `<message to='${bob!.jid}' type='chat' id='r'><retract xmlns='urn:xmpp:message-retract:1' id='id-kept'/></message>`,
    );
    await bob!.receives(`<message id='r'/>`);
    for (const actor of [alice!, bob!]) {
      const { results, bodies } = await archive(actor);
      expect(bodies).toEqual(['kept', undefined]);
      expect(forwarded(results[1]!).getChild('retract')).toBeDefined();
    }
  });

  story(
    'what is off is neither advertised nor served: preferences, search, tombstones',
    { alice: 1, bob: 1 },
    async ({ alice }) => {
      for (const content of ["type='get'><prefs", "type='set'><prefs default='never'"]) {
        const answer = await alice!.asks(`<iq ${content} xmlns='${MAM}'/></iq>`);
        expect(answer.getChild('error')?.getChild('feature-not-implemented'), content).toBeDefined();
      }
      const search = await refused(alice!, { fields: { '{urn:xmpp:fulltext:0}fulltext': 'x' } });
      expect(search.getChild('error')?.getChild('feature-not-implemented')).toBeDefined();
      const info = await alice!.asks(
        `<iq type='get' to='${alice!.bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      );
      const features = info
        .getChild('query')
        ?.getChildren('feature')
        .map((feature) => feature.attrs['var']);
      expect(features).toEqual(expect.arrayContaining([MAM, `${MAM}#extended`, 'urn:xmpp:message-retract:1']));
      expect(features?.filter((feature) => /tombstone|fulltext/.test(feature))).toEqual([]);
    },
  );

  story(
    'access rules open and close archives, and leave them as they are',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice!, bob!, ['hello']);
      const { port } = server();
      const join = (username: string) => Actor.join(port, { username, domain: 'localhost', password: 'x' });
      const [keeper, outcast] = await Promise.all([join('keeper'), join('outcast')]);
      const page = await archive(keeper, { to: bob!.bare });
      expect(page.bodies).toEqual(['hello']);
      expect(page.results[0]?.parent?.attrs['from']).toBe(bob!.bare);
      for (const [actor, to] of [
        [outcast, undefined],
        [alice!, bob!.bare],
      ] as const) {
        const answer = await refused(actor, to === undefined ? {} : { to });
        expect(answer.getChild('error')?.getChild('forbidden'), actor.bare).toBeDefined();
      }
      const metadata = await keeper.asks(`<iq type='get' to='${bob!.bare}'><metadata xmlns='${MAM}'/></iq>`);
      expect(metadata.getChild('error')?.getChild('forbidden')).toBeDefined();
      for (const actor of [keeper, outcast]) actor.vanish();
    },
  );
});

/** What MongooseIM's own configuration file says of access, and archives that are trimmed all the time. */
const trimmed = (engine: Engine) =>
  ownConfig({
    engine,
    rest: `
[modules.mod_disco]
[modules.mod_mam]
  user_prefs_store = "mnesia"
  max_count = 2
  [modules.mod_mam.pm]
    archive_groupchats = true
  [modules.mod_mam.retention]
    max_messages = 3
    interval = 1
[shaper.mam_shaper]
  max_rate = 1
[access]
  mam_set_prefs = [{acl = "all", value = "default"}]
  mam_get_prefs = [{acl = "all", value = "default"}]
  mam_lookup_messages = [{acl = "all", value = "default"}]
  mam_set_prefs_shaper = [{acl = "all", value = "mam_shaper"}]
  mam_lookup_messages_shaper = [{acl = "all", value = "mam_shaper"}]
`,
  });

onBothEngines('mod_mam, trimmed', trimmed, (server) => {
  const story = teller(server);

  story(
    'section 2.2: an archive keeps the newest messages, whatever comes',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice!, bob!, words(8));
      for (const actor of [alice!, bob!])
        await eventually(async () => String((await archive(actor)).bodies) === String(['m5', 'm6', 'm7']));
      await converse(bob!, alice!, ['more']);
      for (const actor of [alice!, bob!])
        await eventually(async () => String((await archive(actor)).bodies) === String(['m6', 'm7', 'more']));
    },
  );

  story(
    'a rule that says default leaves preferences to their owner, at the pace of its shaper',
    {
      alice: 1,
      bob: 1,
    },
    async ({ alice, bob }) => {
      const set = (to = '') => alice!.asks(`<iq type='set'${to}><prefs xmlns='${MAM}' default='never'/></iq>`);
      const answers = await Promise.all([set(), set(), set(` to='${bob!.bare}'`)]);
      expect(answers.map((answer) => answer.attrs['type'])).toEqual(['result', 'result', 'error']);
      expect(answers[2]?.getChild('error')?.getChild('forbidden')).toBeDefined();
      const get = await alice!.asks(`<iq type='get'><prefs xmlns='${MAM}'/></iq>`);
      expect(get.getChild('prefs')?.attrs['default']).toBe('never');
    },
  );

  story(
    'max_count: so many are counted and no more, and no index leads beyond',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      await converse(alice!, bob!, words(2));
      expect(await archive(alice!)).toMatchObject({ bodies: words(2), count: '2', index: '0' });
      await converse(alice!, bob!, ['m2']);
      expect(await archive(alice!)).toMatchObject({ bodies: words(3), count: undefined, index: undefined });
      expect((await archive(alice!, { set: '<index>2</index>' })).bodies).toEqual(['m2']);
      const beyond = await refused(alice!, { set: '<index>3</index>' });
      expect(beyond.getChild('error')?.getChild('policy-violation')).toBeDefined();
    },
  );

  story(
    'archive_groupchats: what comes from a room is kept for who got it, and left out for who wishes',
    { alice: 1, bob: 1 },
    async ({ alice, bob }) => {
      alice!.send(`<message to='${bob!.jid}' type='groupchat' id='g'><body>to all</body></message>`);
      await bob!.receives(`<message type='groupchat' id='g'/>`);
      expect((await archive(bob!)).bodies).toEqual(['to all']);
      expect((await archive(bob!, { fields: { 'include-groupchat': 'false' } })).bodies).toEqual([]);
      expect((await archive(alice!)).bodies).toEqual([]);
      const info = await bob!.asks(
        `<iq type='get' to='${bob!.bare}'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>`,
      );
      expect(String(info)).toContain(`${MAM}#groupchat-available`);
    },
  );
});
