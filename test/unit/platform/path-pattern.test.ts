import { describe, expect, it } from 'vitest';
import { PathPattern, PathPatternError } from '../../../src/platform/path-pattern.js';

function match(pattern: string, path: string) {
  for (const one of PathPattern.parse(pattern)) {
    const found = one.match(path);
    if (found) return found;
  }
  return undefined;
}

describe('path patterns of MongooseIM', () => {
  it.each([
    ['/ws-xmpp', '/ws-xmpp', {}, []],
    ['/ws-xmpp', '/ws-xmpp/', {}, []],
    ['/', '/', {}, []],
    ['/api/:user/x', '/api/al%C3%AFce/x', { user: 'alïce' }, []],
    ['/messages/[:with]', '/messages', {}, []],
    ['/messages/[:with]', '/messages/bob', { with: 'bob' }, []],
    ['/rooms/[:id]/messages', '/rooms/messages', {}, []],
    ['/rooms/[:id]/messages', '/rooms/1/messages', { id: '1' }, []],
    ['/hats/[page/[:number]]', '/hats/page/3', { number: '3' }, []],
    ['/api/[...]', '/api', {}, []],
    ['/api/[...]', '/api/a/b%20c', {}, ['a', 'b c']],
    ['/[...]', '/', {}, []],
    ['_', '/any/thing', {}, ['any', 'thing']],
  ])('%s takes %s', (pattern, path, bindings, rest) => {
    expect(match(pattern, path)).toEqual({ bindings, rest });
  });

  it.each([
    ['/ws-xmpp', '/ws'],
    ['/ws-xmpp', '/ws-xmpp/more'],
    ['/api/:user', '/api'],
    ['/api/:user', '/api/a%2Fb'],
    ['/api/:user', '/api/%'],
    ['/api/[...]', '/api/x/%2e%2e/admin'],
    ['/api/[...]', '/other'],
  ])('%s does not take %s', (pattern, path) => {
    expect(match(pattern, path)).toBeUndefined();
  });

  it.each(['ws', '', '/[...]/x', '/a/[b', '/a/b]', '/a/[]', '/:a/:a', '/:', '/a?b', '/%zz'])(
    '%j is refused',
    (text) => {
      expect(() => PathPattern.parse(text)).toThrow(PathPatternError);
      expect(PathPattern.isValid(text)).toBe(false);
    },
  );

  it('tells those that stand for one path alone', () => {
    expect(['/ws', '/a/b', '/:a', '/a/[b]', '/[...]'].filter((text) => PathPattern.isLiteral(text))).toEqual([
      '/ws',
      '/a/b',
    ]);
  });
});
