import { describe, expect, it } from 'vitest';
import { pointUpstreams } from '../src/route/caddy-config.ts';

const upstream = { project: 'shop', service: 'app', names: ['app', 'shop-api'] };

const configOf = (...upstreams: readonly object[]): string =>
  JSON.stringify({
    apps: { http: { servers: { s: { routes: [{ handle: [{ handler: 'reverse_proxy', upstreams }] }] } } } },
  });

describe('pointing Caddy’s upstreams', () => {
  it('puts the containers in place of the service’s name, with its port and settings', () => {
    const config = configOf({ dial: 'app:8000', max_requests: 9 }, { dial: 'other:80' });
    expect(pointUpstreams(config, upstream, ['shop-app-2', 'shop-app-3'])).toEqual({
      kind: 'changed',
      text: configOf(
        { dial: 'shop-app-2:8000', max_requests: 9 },
        { dial: 'shop-app-3:8000', max_requests: 9 },
        { dial: 'other:80' },
      ),
      left: ['app:8000'],
    });
  });

  it('comes back to the name from several containers, and from its own earlier step', () => {
    const pointed = configOf({ dial: 'shop-app-2:8000' }, { dial: 'shop-app-3:8000' });
    expect(pointUpstreams(pointed, upstream, [])).toMatchObject({
      kind: 'changed',
      text: configOf({ dial: 'app:8000' }),
    });
    const moved = pointUpstreams(pointed, upstream, ['shop-app-3', 'shop-app-4']);
    expect(moved).toMatchObject({
      text: configOf({ dial: 'shop-app-3:8000' }, { dial: 'shop-app-4:8000' }),
      left: ['shop-app-2:8000'],
    });
  });

  it('knows an alias, and changes nothing where nothing is to change', () => {
    const config = configOf({ dial: 'shop-api:8000' });
    expect(pointUpstreams(config, upstream, [])).toEqual({ kind: 'same' });
    expect(pointUpstreams(config, upstream, ['shop-app-2'])).toMatchObject({
      text: configOf({ dial: 'shop-app-2:8000' }),
    });
  });

  it('does not take a longer name for the service', () => {
    const config = configOf(
      { dial: 'app-admin:8000' },
      { dial: 'shop-app-admin-1:8000' },
      { dial: 'app.example:8000' },
    );
    expect(pointUpstreams(config, upstream, ['shop-app-2'])).toEqual({ kind: 'unused' });
  });

  it('says when DNS is asked at run time', () => {
    const config = JSON.stringify({
      handler: 'reverse_proxy',
      dynamic_upstreams: { source: 'a', name: 'app', port: '8000' },
    });
    expect(pointUpstreams(config, upstream, ['shop-app-2'])).toEqual({ kind: 'dynamic' });
  });
});
