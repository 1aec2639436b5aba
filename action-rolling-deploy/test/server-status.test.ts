import type { Lease } from '@deploy-actions/kit/state/lease';
import type { Release } from '@deploy-actions/kit/state/release';
import { describe, expect, it } from 'vitest';
import { assessStatus, type ServerStatus, type StatusFacts } from '../src/server-status.ts';
import { parseStatusContainers } from '../src/status-facts.ts';
import { renderStatus, statusLines } from '../src/status-summary.ts';
import { container, release } from './builders.ts';

const web = `registry.example/web@sha256:${'a'.repeat(64)}`;
const facts = (overrides: Partial<StatusFacts> = {}, ...releases: readonly Release[]): StatusFacts => ({
  now: 1000,
  lease: undefined,
  unfinished: undefined,
  ledger: { releases, current: releases.findLast(({ result }) => result === 'ok') },
  containers: [],
  repoDigests: new Map(),
  ...overrides,
});
const lease = (overrides: Partial<Lease> = {}): Lease => ({
  owner: {
    id: 'r1',
    repository: 'acme/api',
    runId: '7',
    runAttempt: 1,
    job: 'deploy',
    actor: 'octocat',
    runUrl: 'https://github.example/runs/7',
    commit: '',
  },
  generation: 1,
  acquired: 900,
  renewed: 950,
  expires: 1550,
  ...overrides,
});
const assess = (...given: Parameters<typeof facts>): ServerStatus => assessStatus(facts(...given));

describe('the status of a server', () => {
  it('has nothing to do where all runs as released and nobody deploys', () => {
    const status = assess({ containers: [container('1', 'web', { image: web })] }, release(1, { digests: { web } }));
    expect(status.services).toMatchObject([{ service: 'web', match: 'as-released', running: 1, health: 'healthy' }]);
    expect(status).toMatchObject({ lease: null, unfinished: null, current: 1, advice: ['Nothing to do.'] });
  });

  it('knows a release again by the digest of its image, whatever reference the container was made with', () => {
    const tagged = container('1', 'web', { image: 'web:latest', imageId: 'sha256:i' });
    const known = new Map([['sha256:i', [`mirror.example/web@sha256:${'a'.repeat(64)}`]]]);
    const at = (repoDigests: StatusFacts['repoDigests']): string | undefined =>
      assess({ containers: [tagged], repoDigests }, release(1, { digests: { web } })).services[0]?.match;
    expect(at(known)).toBe('as-released');
    expect(at(new Map())).toBe('differs');
  });

  it('names the digest under the repository that the container was made from', () => {
    const tagged = container('1', 'web', { image: 'registry.example:5000/web:1.0', imageId: 'sha256:i' });
    const refs = ['mirror.example/web@sha256:1', 'registry.example:5000/web@sha256:2'];
    const digestOf = (...known: readonly string[]): string | null | undefined =>
      assess({ containers: [tagged], repoDigests: new Map([['sha256:i', known]]) }).services[0]?.digest;
    expect(digestOf(...refs)).toBe('registry.example:5000/web@sha256:2');
    expect(digestOf('mirror.example/web@sha256:1')).toBe('mirror.example/web@sha256:1');
    expect(digestOf()).toBeNull();
    expect(assess({ containers: [container('1', 'web', { image: web })] }).services[0]?.digest).toBe(web);
  });

  it('names what does not run, what runs and was not released, and what is unhealthy', () => {
    const sick = container('2', 'cron', { health: { status: 'unhealthy', probes: [], budgetMs: 0 } });
    const ended = container('1', 'web', { image: web, status: 'exited' });
    const status = assess({ containers: [ended, sick] }, release(1, { digests: { web } }));
    expect(status.services).toMatchObject([
      { service: 'cron', match: 'not-in-release', health: 'unhealthy' },
      { service: 'web', match: 'not-running', health: 'down' },
    ]);
    expect(status.advice).toHaveLength(2);
    expect(status.advice[0]).toContain('web: not running');
    expect(status.advice[1]).toContain('cron: unhealthy');
  });

  it('tells a deploy that goes on from one that died', () => {
    const unfinished = {
      deployId: 'd1',
      lines: [
        { step: 'begin', data: {} },
        { step: 'created', data: {} },
      ],
    };
    expect(assess({ lease: lease(), unfinished }).advice[0]).toContain(
      'A deploy goes on: https://github.example/runs/7',
    );
    for (const given of [undefined, lease({ expires: 999 })]) {
      const { advice } = assess({ unfinished, ...(given === undefined ? {} : { lease: given }) });
      expect(advice[0]).toContain('did not reach its end (last step: created)');
    }
  });

  it('names the person and the reason of a freeze', () => {
    const { expires: _none, ...rest } = lease({ reason: 'audit' });
    const status = assess({ lease: rest });
    expect(status.lease).toMatchObject({ kind: 'frozen', reason: 'audit', until: null });
    expect(status.advice[0]).toBe('Frozen by octocat (audit): no run deploys here until it is unlocked.');
  });

  it('says what a first deploy will do over a stack that these actions have not deployed', () => {
    const status = assess({ containers: [container('1', 'web')] });
    expect(status.services[0]?.match).toBe('no-release');
    expect(status.advice[0]).toContain('release 0');
    expect(assess().advice).toEqual(['Nothing was deployed here yet.']);
  });

  it('says that Docker gave no answer', () => {
    const { containers: _none, ...rest } = facts();
    expect(assessStatus({ ...rest, containers: undefined }).advice[0]).toContain('Docker gave no answer');
  });

  it('lists the releases, newest first, with a red gate as a result of its own', () => {
    const status = assess({}, release(1), release(2, { gateFailed: true }), release(3, { result: 'rolled_back' }));
    expect(status.releases.map(({ number, result }) => `${number} ${result}`)).toEqual([
      '3 rolled_back',
      '2 gate_failed',
      '1 ok',
    ]);
    expect(status.advice.join()).toContain('marked by a red gate');
  });

  it('is shown with foreign text that cannot break the table', () => {
    const status = assess({ lease: lease({ reason: '<b>|`x`' }), containers: [container('1', 'web')] });
    expect(renderStatus(status, 'web1', '/srv/app')).toContain('frozen by octocat (&lt;b&gt;\\|\\`x\\`)');
    expect(statusLines(status).join('\n')).toContain('Next: Frozen by octocat');
  });
});

describe('what the server prints', () => {
  it('is no container where there is none', () => {
    expect(parseStatusContainers('[]\n')).toEqual({ containers: [], repoDigests: new Map() });
  });

  it('ends in the digests of the images, which may have none', () => {
    const { repoDigests } = parseStatusContainers('[]\n=\nsha256:1\t["r/web@sha256:2"]\nsha256:3\tnull\n');
    expect([...repoDigests]).toEqual([
      ['sha256:1', ['r/web@sha256:2']],
      ['sha256:3', []],
    ]);
  });
});
