import { describe, expect, it } from 'vitest';
import { ProxyRoute, ProxyRouteError, type ProxyRouteSettings } from '../../../src/platform/proxy-route.js';

const TO = 'http://in.example:8080';

/** Where a GET goes; the host may have a port. */
function goes(settings: Partial<ProxyRouteSettings>, host: string, path: string, method = 'GET') {
  const route = new ProxyRoute({ host: '_', path: '_', method: '_', upstream: TO, ...settings });
  const [, name = '', port = ''] = /^(.*?)(?::(\d+))?$/.exec(host) ?? [];
  const target = route.match({ method, host: name, port, path });
  return target && `${target.origin}${target.path}`;
}

describe('routes of the reverse proxy', () => {
  it.each([
    [
      { host: 'www.example', path: '/admin', upstream: 'https://www.example/' },
      'www.example',
      '/admin/a/b',
      'https://www.example/a/b',
    ],
    [{ host: ':var.com', path: '/:var', upstream: `${TO}/` }, 'domain.com', '/domain/index.html', `${TO}/index.html`],
    [{ host: ':domain.com', path: '/', upstream: `${TO}/:domain` }, 'abc.com', '/def', `${TO}/abc/def`],
  ])("MongooseIM's example %#", (settings, host, path, target) => {
    expect(goes(settings, host, path)).toBe(target);
  });

  it.each([
    ['_', TO, '/a//b/', '/a/b/'],
    ['_', TO, '/', '/'],
    ['/a', TO, '/a/b', '/a/b'],
    ['/a/', TO, '/a', '/a'],
    ['/a', `${TO}/`, '/a', '/'],
    ['/a', `${TO}/x`, '/a', '/x'],
    ['/a', `${TO}/x/`, '/a', '/x/'],
    ['/a', `${TO}/x/`, '/a/b', '/x/b'],
    ['/a', `${TO}/x`, '/a/', '/x/'],
    ['_', `${TO}/x`, '/a/b', '/x/a/b'],
    ['/%61', `${TO}/%7Ex`, '/a/%C3%A4', '/%7Ex/%C3%A4'],
    ['/:one/:two', `${TO}/:two/:one`, '/a%20b/c/d', '/c/a%20b/d'],
  ])('path %s, upstream %s: %s goes to %s', (path, upstream, asked, target) => {
    expect(goes({ path, upstream }, 'any.example', asked)).toBe(`${TO}${target}`);
  });

  it.each([
    [{ path: '/admin' }, 'a', '/administrator'],
    [{ path: '/admin' }, 'a', '/'],
    [{ path: '/:a/:a' }, 'a', '/x/y'],
    [{ host: ':var.com', path: '/:var' }, 'domain.com', '/other'],
    [{ host: 'a.example' }, 'b.a.example', '/'],
    [{ host: 'a.example' }, 'example', '/'],
    [{ host: 'a.example:8090' }, 'a.example:8091', '/'],
    [{ host: 'a.example:8090' }, 'a.example', '/'],
    [{}, 'a', '/x/..'],
    [{}, 'a', '/x/%2E%2e/y'],
    [{}, 'a', '/x/..;a=b/y'],
    [{}, 'a', '/x/./y'],
    [{}, 'a', '/x%2fy'],
    [{}, 'a', '/x%5cy'],
    [{}, 'a', '/x%00'],
    [{}, 'a', '/%zz'],
  ])('%j is not for %s%s', (settings, host, path) => {
    expect(goes(settings, host, path)).toBeUndefined();
  });

  it('names of hosts count without their case, a last dot, and a port unless the route has one', () => {
    expect(goes({ host: 'A.Example' }, 'a.example.:81', '/')).toBe(`${TO}/`);
    expect(goes({ host: 'a.example:8090' }, 'a.example:8090', '/')).toBe(`${TO}/`);
    expect(goes({ host: '[::1]' }, '[::1]', '/')).toBe(`${TO}/`);
  });

  it('a method is that of the request, and "_" is all', () => {
    expect(goes({ method: 'post' }, 'a', '/', 'POST')).toBe(`${TO}/`);
    expect(goes({ method: 'post' }, 'a', '/', 'GET')).toBeUndefined();
    expect(goes({}, 'a', '/', 'DELETE')).toBe(`${TO}/`);
  });

  it.each(['a.b', 'a@b', 'a:80', '127', '0x7f000001', '2130706433', '-', 'ä', '%61b'])(
    'what a client says does not lead to another host: %j is no label of one',
    (name) => {
      const asked = `/${encodeURIComponent(name)}/x`;
      expect(goes({ path: '/:name', upstream: 'http://:name' }, 'a', asked)).toBeUndefined();
    },
  );

  it('a label of a host may come from the request', () => {
    expect(goes({ path: '/:name', upstream: 'https://:name.in.example:81/' }, 'a', '/One-1/x')).toBe(
      'https://One-1.in.example:81/x',
    );
  });

  it.each([
    ['host', { host: '' }],
    ['host', { host: 'a b' }],
    ['host', { host: ':80' }],
    ['path', { path: 'a' }],
    ['path', { path: '/..' }],
    ['path', { path: '/a?b' }],
    ['path', { path: '/:a-b' }],
    ['method', { method: 'CONNECT' }],
    ['upstream', { upstream: 'in.example' }],
    ['upstream', { upstream: 'http://a@b' }],
    ['upstream', { upstream: 'http://a:99999' }],
    ['upstream', { upstream: 'http://a/../b' }],
    ['upstream', { upstream: 'http://a/:b' }],
    ['upstream', { host: ':a', upstream: 'http://:b' }],
  ] as const)('a wrong %s is told: %j', (option, settings) => {
    const thrown = (() => {
      try {
        return goes(settings, 'a', '/');
      } catch (error) {
        return error;
      }
    })();
    expect(thrown).toBeInstanceOf(ProxyRouteError);
    expect((thrown as ProxyRouteError).option).toBe(option);
  });
});
