import { inputReader } from '@deploy-actions/kit/action/inputs';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import type { RouteSettings } from '../src/route/route-plan.ts';
import { readRouteSettings, refuseUnknownHooks } from '../src/route/route-settings.ts';
import { model, service } from './builders.ts';

const read = (given: Readonly<Record<string, string>>): RouteSettings =>
  readRouteSettings(inputReader(fakeRunner({ route: 'auto', ...given })));

describe('commands before an old container stops', () => {
  it('are lines of service and command, which is not read any further', () => {
    const { preStop } = read({ 'pre-stop': '# drain\nweb = touch /tmp/a=b && sleep 5\n\nqueue.1=/bin/finish "$HOME"' });
    expect([...preStop]).toEqual([
      ['web', 'touch /tmp/a=b && sleep 5'],
      ['queue.1', '/bin/finish "$HOME"'],
    ]);
    expect(read({}).preStop.size).toBe(0);
  });

  it.each([
    ['touch /tmp/drain', '"touch /tmp/drain" is not a line `service=command`'],
    ['web=', '"web=" is not a line'],
    ['=true', '"=true" is not a line'],
    ['--user=root', '"--user=root" is not a line'],
    ['web=true\nweb=false', '"web=false" is not the first line for web'],
  ])('that make no sense are refused, as typed: %j', (given, message) => {
    expect(() => read({ 'pre-stop': given })).toThrow(`input \`pre-stop\`: ${message}`);
  });

  it('are refused for a service that the compose files lack: they would never run', () => {
    const project = model(service('web'), service('db'));
    expect(() => refuseUnknownHooks(read({ 'pre-stop': 'web=true' }), project)).not.toThrow();
    expect(() => refuseUnknownHooks(read({ 'pre-stop': 'wbe=true' }), project)).toThrow(
      'input `pre-stop`: "wbe" is not a service of the compose files (they have: web, db). Nothing was changed.',
    );
  });
});
