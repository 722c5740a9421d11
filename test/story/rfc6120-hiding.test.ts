/** `general.hide_service_name`: whoever does not speak XMPP learns nothing (RFC 6120 section 4.9.1.2 else has a header answered). */
import { expect, it } from 'vitest';
import { onBothEngines, ownConfig } from '../support/story/both-engines.js';
import { header, RawClient } from '../support/story/raw-client.js';

const NOT_XMPP: readonly [string, string | Buffer][] = [
  ['an HTTP request', 'GET / HTTP/1.1\r\n\r\n'],
  ['a TLS record', Buffer.from('16030100050100000100', 'hex')],
  ['a DTD', "<!DOCTYPE stream [<!ENTITY a 'b'>]>"],
  ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe, 0xfd])],
  ['XML that is not well-formed', '<stream:stream to=localhost>'],
  ['a header that never ends', `<stream:stream a='${'x'.repeat(100_000)}`],
];

onBothEngines(
  'hide_service_name = true',
  (engine) => ownConfig({ engine, general: '  hide_service_name = true' }),
  (server) => {
    it.each(NOT_XMPP)('%s is met with silence', async (_, garbage) => {
      const client = await RawClient.connect(server().port);
      client.send(garbage);
      await client.closed();
      expect(client.text).toBe('');
    });

    it.each([
      ['section 4.9.3.6: an unknown domain', header("to='nowhere.example' version='1.0'"), 'host-unknown'],
      ['section 4.9.3.10: another namespace', header().replace('jabber:client', 'urn:x'), 'invalid-namespace'],
      ['section 4.9.3.25: an old version', header("to='localhost'"), 'unsupported-version'],
    ])('%s still gets its error', async (_, start, condition) => {
      const client = await RawClient.connect(server().port);
      client.send(start);
      expect(await client.fails()).toBe(condition);
    });

    it('and so does bad input on a stream that has begun', async () => {
      const client = await RawClient.connect(server().port);
      await client.open();
      client.send('<<');
      expect(await client.fails()).toBe('not-well-formed');
    });
  },
);

onBothEngines(
  'hide_service_name = false',
  (engine) => ownConfig({ engine, general: '  hide_service_name = false' }),
  (server) => {
    it.each(NOT_XMPP)('%s is answered with a header and an error', async (_, garbage) => {
      const client = await RawClient.connect(server().port);
      client.send(garbage);
      expect(['not-well-formed', 'restricted-xml', 'policy-violation']).toContain(await client.fails());
      expect(client.header?.attrs['from']).toBe('localhost');
    });
  },
);
