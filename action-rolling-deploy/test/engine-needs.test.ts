import { describe, expect, it } from 'vitest';
import { findUnmetNeed } from '@deploy-actions/kit/plan/engine-needs';

const text = JSON.stringify({
  services: {
    web: { healthcheck: { test: ['CMD', 'x'], start_interval: '1s' } },
    api: { healthcheck: { test: ['CMD', 'x'] } },
    worker: {},
  },
});

describe('a health check with start_interval', () => {
  it.each(['20.10.24+dfsg1', '24.0.7'])('is more than engine %s has', (engine) => {
    const need = { service: 'web', setting: 'healthcheck.start_interval', since: '25.0' };
    expect(findUnmetNeed({ text }, ['api', 'web'], engine)).toEqual(need);
  });

  it.each(['25.0.0', '28.5.2+dfsg4', '100.1', 'dev'])('is nothing to engine %s', (engine) => {
    expect(findUnmetNeed({ text }, ['web'], engine)).toBeUndefined();
  });

  it('matters only where the service gets new containers', () => {
    expect(findUnmetNeed({ text }, ['api', 'worker', 'gone'], '20.10.24')).toBeUndefined();
  });
});
