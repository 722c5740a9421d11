/** Addresses: parsing, identity, hashing and the cache. */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Jid, JidCache, prepareDomain, prepareLocal, prepareResource } from '../../../src/protocol/jid.js';

interface Vector {
  readonly input: string;
  readonly why: string;
  readonly invalid?: true;
  readonly local: string;
  readonly domain: string;
  readonly resource: string;
  readonly hash: number;
}

const vectors: Vector[] = JSON.parse(readFileSync(new URL('jid-vectors.json', import.meta.url), 'utf8'));

/** Text that is likely to touch every rule: ASCII of meaning, marks, forms of width, right-to-left text, surrogates. */
const hard = fc
  .array(
    fc.oneof(
      fc.constantFrom(...`aZ09-_.@/ "&':<>[]\\~`),
      fc.constantFrom(
        ...'ßςσΣİıſKÅéＡ。．＠Ꭰꭰאבʼاب١۱ऀक्\u0301\u0327\u200c\u200d\u00ad\u3000\u00a0·ー・漢カ゛ﾞｶ가ᄀ😀\ufe0f',
      ),
      fc.constantFrom('xn--', 'xn--mnchen-3ya', '\ud800', '\udc00', '\u0000', '\u007f', '\uffff'),
      fc.string({ unit: 'binary', minLength: 1, maxLength: 2 }),
    ),
    { maxLength: 8 },
  )
  .map((parts) => parts.join(''));

describe('Jid.parse', () => {
  it.each(vectors.filter((vector) => !vector.invalid).map((vector) => [vector.why, vector.input, vector] as const))(
    '%s: %j is valid',
    (_why, input, { local, domain, resource, hash }) => {
      const jid = Jid.parse(input);
      expect(jid && { local: jid.local, domain: jid.domain, resource: jid.resource, hash: jid.hash }).toEqual({
        local,
        domain,
        resource,
        hash,
      });
    },
  );

  it.each(vectors.filter((vector) => vector.invalid).map((vector) => [vector.why, vector.input] as const))(
    '%s: %j is invalid',
    (_why, input) => expect(Jid.parse(input)).toBeUndefined(),
  );

  it('takes any text without an exception, lone surrogates included', () => {
    fc.assert(
      fc.property(hard, (text) => {
        const jid = Jid.parse(text);
        return jid === undefined || jid.toString().isWellFormed();
      }),
      { numRuns: 5000 },
    );
  });

  it('reads back what toString wrote', () => {
    fc.assert(
      fc.property(hard, hard, hard, (local, domain, resource) => {
        const jid = Jid.of(local, domain, resource);
        if (!jid) return true;
        const again = Jid.parse(jid.toString());
        return again?.equals(jid) === true && again.toString() === jid.toString() && again.hash === jid.hash;
      }),
      { numRuns: 5000 },
    );
  });

  it('refuses text of a megabyte at once', () => {
    const begun = performance.now();
    for (const part of ['a', 'é', '@', '/', '.', '・']) {
      const long = part.repeat(1_000_000);
      expect(Jid.parse(long)).toBeUndefined();
      expect(Jid.parse(`${long}@example.com`)).toBeUndefined();
      expect(Jid.parse(`example.com/${long}`)).toBeUndefined();
    }
    expect(performance.now() - begun).toBeLessThan(1000);
  });

  it('prepares the longest parts of the worst kind in a moment', () => {
    const begun = performance.now();
    Jid.of('・'.repeat(4092), `${'é'.repeat(4000)}`, 'é'.repeat(4092));
    Jid.parse(`xn--${'9'.repeat(4000)}`);
    Jid.parse(`${'é.'.repeat(2000)}`);
    Jid.parse(`a@b/${'١'.repeat(4000)}`);
    expect(performance.now() - begun).toBeLessThan(1000);
  });
});

describe('preparation', () => {
  it.each([
    ['local part', prepareLocal],
    ['domain', prepareDomain],
    ['resource', prepareResource],
  ] as const)('RFC 8264 section 7: of a %s is idempotent', (_name, prepare) => {
    fc.assert(
      fc.property(hard, (text) => {
        const once = prepare(text);
        return once === undefined || prepare(once) === once;
      }),
      { numRuns: 10_000 },
    );
  });

  it.each([
    ['local part', prepareLocal],
    ['domain', prepareDomain],
    ['resource', prepareResource],
  ] as const)('of every single character as a %s is idempotent', (_name, prepare) => {
    for (let codePoint = 0; codePoint <= 0x3134f; codePoint++) {
      const once = prepare(String.fromCodePoint(codePoint));
      if (once !== undefined && prepare(once) !== once) expect.fail(`U+${codePoint.toString(16)} is not stable`);
    }
  });

  it('RFC 7622 section 3.3: leaves nothing in a local part that would split the address', () => {
    fc.assert(
      fc.property(hard, (text) => !/[@/\s"&':<>]/.test(prepareLocal(text) ?? '')),
      { numRuns: 5000 },
    );
  });
});

describe('Jid', () => {
  const juliet = Jid.parse('juliet@example.com/balcony')!;

  it('is bare without a resource, and then its own bare address', () => {
    expect(juliet.isBare).toBe(false);
    expect(juliet.bare.isBare).toBe(true);
    expect(juliet.bare.toString()).toBe('juliet@example.com');
    expect(juliet.bare).toBe(juliet.bare);
    expect(juliet.bare.bare).toBe(juliet.bare);
  });

  it('has the hash of its bare address, whatever the resource', () => {
    fc.assert(
      fc.property(hard, hard, (local, resource) => {
        const bare = Jid.of(local, 'example.com');
        const full = bare?.withResource(resource);
        return !bare || !full || (full.hash === bare.hash && bare.hash >>> 0 === bare.hash);
      }),
      { numRuns: 2000 },
    );
  });

  it('spreads numbered names evenly over few shards', () => {
    for (const shards of [2, 3, 4, 8]) {
      for (const step of [1, 2, 10]) {
        const counts = new Array<number>(shards).fill(0);
        for (let i = 0; i < 8000; i++) counts[Jid.trusted(`user${i * step}`, 'example.com').hash % shards]!++;
        expect(Math.min(...counts)).toBeGreaterThan((8000 / shards) * 0.9);
      }
    }
  });

  it('equals an address of the same parts only', () => {
    expect(juliet.equals(Jid.parse('Juliet@EXAMPLE.com/balcony')!)).toBe(true);
    expect(juliet.equals(juliet.bare)).toBe(false);
    expect(juliet.equals(Jid.parse('juliet@example.com/Balcony')!)).toBe(false);
    expect(juliet.equals(Jid.parse('juliet@example.net/balcony')!)).toBe(false);
    expect(juliet.equals(Jid.parse('romeo@example.com/balcony')!)).toBe(false);
  });

  it('takes another resource, prepared, or none', () => {
    expect(juliet.withResource('a\u00a0b')?.toString()).toBe('juliet@example.com/a b');
    expect(juliet.withResource('\u0000')).toBeUndefined();
    expect(juliet.withResource('')).toBe(juliet.bare);
    expect(juliet.withResource('x')?.bare).toBe(juliet.bare);
  });

  it('is made of parts that are prepared', () => {
    expect(Jid.of('JULIET', 'Example.COM.', 'Balcony')?.toString()).toBe('juliet@example.com/Balcony');
    expect(Jid.of('', 'example.com')?.toString()).toBe('example.com');
    expect(Jid.of('a/b', 'example.com')).toBeUndefined();
    expect(Jid.of('a', 'example.com/b')).toBeUndefined();
    expect(Jid.of('a', '')).toBeUndefined();
    expect(Jid.of('a', 'b', '\ud800')).toBeUndefined();
  });

  it('is written to JSON as its text', () => {
    expect(JSON.stringify({ juliet })).toBe('{"juliet":"juliet@example.com/balcony"}');
  });
});

describe('JidCache', () => {
  it('does not remember long texts, of which peers could make any number', () => {
    const cache = new JidCache(10);
    const long = `${'a'.repeat(1_000)}@localhost/${'b'.repeat(1_000)}`;
    expect(cache.parse(long)?.toString()).toBe(long);
    expect(cache.size).toBe(0);
  });

  it('gives the same object for the same text', () => {
    const cache = new JidCache(10);
    expect(cache.parse('a@b/c')).toBe(cache.parse('a@b/c'));
    expect(cache.parse('a@')).toBeUndefined();
  });

  it('holds no more than its capacity', () => {
    const cache = new JidCache(100);
    for (let i = 0; i < 10_000; i++) cache.parse(`user${i}@example.com`);
    expect(cache.size).toBeLessThanOrEqual(100);
  });

  it('keeps what is asked for again and again', () => {
    const cache = new JidCache(10);
    const kept = cache.parse('kept@example.com');
    for (let i = 0; i < 100; i++) {
      cache.parse(`user${i}@example.com`);
      expect(cache.parse('kept@example.com')).toBe(kept);
    }
  });
});

it('RFC 7622 section 3.3.1: only a resource holds characters that are escaped in XML', () => {
  for (const character of ['&', '<', '>', "'", '"']) {
    for (const text of [`a${character}@localhost`, `a@local${character}host`, `local${character}host`])
      expect(Jid.parse(text)).toBeUndefined();
  }
  expect(Jid.parse(`a@localhost/<"&'>`)?.toXml()).toBe('a@localhost/&lt;&quot;&amp;&apos;&gt;');
  expect(Jid.parse('a@localhost')?.toXml()).toBe('a@localhost');
});
