import { expect, it } from 'vitest';
import type { HttpHandler } from '../../../../src/net/http/handler.js';
import { Routes } from '../../../../src/net/http/routes.js';

function handler(): HttpHandler {
  return { methods: ['GET'], maxBodyBytes: 0, handle: () => {} };
}

it('a path that is more exact comes first, whatever the order', () => {
  const [rest, named, exact] = [handler(), handler(), handler()];
  const routes = new Routes([
    { host: '_', path: '/[...]', handler: rest },
    { host: '_', path: '/:any', handler: named },
    { host: '_', path: '/ws', handler: exact },
  ]);
  expect(routes.find('a', '/ws')?.handler).toBe(exact);
  expect(routes.find('a', '/x')?.handler).toBe(named);
  expect(routes.find('a', '/x/y')).toMatchObject({ handler: rest, rest: ['x', 'y'] });
});

it('the first of two that say the same counts', () => {
  const [first, second] = [handler(), handler()];
  const routes = new Routes([
    { host: '_', path: '/ws', handler: first },
    { host: '_', path: '/ws/', handler: second },
  ]);
  expect(routes.find('a', '/ws')?.handler).toBe(first);
});

it('a handler with a host serves that host alone, before those for every host', () => {
  const [any, own] = [handler(), handler()];
  const routes = new Routes([
    { host: '_', path: '/ws', handler: any },
    { host: 'Chat.Example', path: '/ws', handler: own },
    { host: 'chat.example', path: '/own', handler: own },
  ]);
  expect(routes.find('chat.example', '/ws')?.handler).toBe(own);
  expect(routes.find('other.example', '/ws')?.handler).toBe(any);
  expect(routes.find('other.example', '/own')).toBeUndefined();
  expect(new Routes([{ host: 'a', path: '/', handler: own }]).knowsHost('b')).toBe(false);
});
