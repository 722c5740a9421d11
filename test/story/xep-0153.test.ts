/** XEP-0153, with section 4 of XEP-0398: the hash of a photo in the presence of its owner. */
import { createHash } from 'node:crypto';
import type { Element } from 'ltx';
import { expect } from 'vitest';
import type { Actor } from '../support/story/actor.js';
import { befriend, stories } from '../support/story/story.js';

const UPDATE = 'vcard-temp:x:update';

function image(seed: string): Buffer {
  return Buffer.concat(
    Array.from({ length: 40 }, (_, index) => createHash('sha256').update(`${seed} ${index}`).digest()),
  );
}

const sha1 = (bytes: Buffer) => createHash('sha1').update(bytes).digest('hex');

/** In lines, as some clients write it. */
function photo(bytes: Buffer): string {
  const lines = bytes.toString('base64').match(/.{1,60}/g) ?? [];
  return `<PHOTO><TYPE>image/png</TYPE><BINVAL>\n${lines.join('\n')}\n</BINVAL></PHOTO>`;
}

function publish(actor: Actor, content: string): Promise<Element> {
  return actor.asks(`<iq type='set'><vCard xmlns='vcard-temp'>${content}</vCard></iq>`);
}

function shown(hash: string): string {
  return `<x xmlns='${UPDATE}'><photo>${hash}</photo></x>`;
}

stories('XEP-0153', (story) => {
  story(
    'section 3.1: contacts see the hash at once, at login, in updates and when they come later',
    { alice: 1, bob: 1 },
    async ({ alice, bob }, { port }) => {
      const bytes = image(alice.username);
      await alice.available();
      await bob.available();
      await befriend(alice, bob);
      await bob.hasReceived(alice);
      expect((await publish(alice, `<FN>A</FN>${photo(bytes)}`)).attrs['type']).toBe('result');
      await bob.receives(`<presence from='${alice.jid}'>${shown(sha1(bytes))}</presence>`);
      alice.send('<presence><show>away</show></presence>');
      await bob.receives(`<presence from='${alice.jid}'><show>away</show>${shown(sha1(bytes))}</presence>`);
      const late = await bob.another(port);
      await late.available();
      await late.receives(`<presence from='${alice.jid}'>${shown(sha1(bytes))}</presence>`);
      const phone = await alice.another(port);
      phone.send('<presence><priority>3</priority></presence>');
      await bob.receives(`<presence from='${phone.jid}'>${shown(sha1(bytes))}<priority>3</priority></presence>`);
      late.vanish();
      phone.vanish();
    },
  );

  story('the photo of one who was away is known at login', { alice: 1 }, async ({ alice }, { port }) => {
    const bytes = image(alice.username);
    await publish(alice, photo(bytes));
    await alice.leave();
    const back = await alice.another(port);
    back.send('<presence/>');
    await back.receives(`<presence from='${back.jid}'>${shown(sha1(bytes))}</presence>`);
    back.vanish();
  });

  story('XEP-0398 section 4: directed presence has it, too', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    const bytes = image(alice.username);
    await publish(alice, photo(bytes));
    alice.send(`<presence to='${bob.jid}'/>`);
    await bob.receives(`<presence from='${alice.jid}' to='${bob.jid}'>${shown(sha1(bytes))}</presence>`);
  });

  story(
    'XEP-0398 section 4: an empty hash stays, an empty element and a wrong hash are corrected',
    { alice: 1 },
    async ({ alice }) => {
      const bytes = image(alice.username);
      await publish(alice, photo(bytes));
      const show = async (content: string) => {
        alice.send(`<presence>${content}<status>s</status></presence>`);
        const presence = await alice.receives(`<presence from='${alice.jid}'><status>s</status></presence>`);
        expect(presence.getChildren('x', UPDATE)).toHaveLength(1);
        return presence
          .getChild('x', UPDATE)
          ?.getChildren('photo')
          .map((one) => one.getText());
      };
      expect(await show(`<x xmlns='${UPDATE}'><photo/></x>`)).toEqual(['']);
      expect(await show(`<x xmlns='${UPDATE}'/>`)).toEqual([sha1(bytes)]);
      expect(await show(shown('0'.repeat(40)))).toEqual([sha1(bytes)]);
      expect(await show(shown(sha1(bytes)))).toEqual([sha1(bytes)]);
    },
  );

  story('a photo that is taken away is seen to go', { alice: 1 }, async ({ alice }) => {
    await publish(alice, photo(image(alice.username)));
    await alice.available();
    await publish(alice, '<FN>without</FN>');
    const presence = await alice.receives(`<presence from='${alice.jid}'><x xmlns='${UPDATE}'><photo/></x></presence>`);
    expect(presence.getChild('x', UPDATE)?.getChildText('photo')).toBe('');
  });

  story(
    'without a photo presence is left alone; a change of anything else sends none',
    { alice: 1 },
    async ({ alice }) => {
      alice.send('<presence/>');
      const presence = await alice.receives(`<presence from='${alice.jid}'/>`);
      expect(presence.getChildElements()).toEqual([]);
      await publish(alice, '<FN>A</FN>');
      await publish(alice, '<FN>B</FN><PHOTO><BINVAL>not base64!</BINVAL></PHOTO>');
      await publish(alice, '<PHOTO><EXTVAL>https://example.org/p.png</EXTVAL></PHOTO>');
      expect((await alice.hasReceived()).filter((element) => element.is('presence'))).toEqual([]);
    },
  );

  story('what goes in other kinds of presence is untouched', { alice: 1, bob: 1 }, async ({ alice, bob }) => {
    await publish(alice, photo(image(alice.username)));
    await bob.available();
    alice.send(`<presence type='subscribe' to='${bob.bare}'/>`);
    const request = await bob.receives(`<presence type='subscribe' from='${alice.bare}'/>`);
    expect(request.getChild('x', UPDATE)).toBeUndefined();
    alice.send(`<presence type='unavailable' to='${bob.jid}'/>`);
    const end = await bob.receives(`<presence type='unavailable' from='${alice.jid}'/>`);
    expect(end.getChild('x', UPDATE)).toBeUndefined();
  });
});
