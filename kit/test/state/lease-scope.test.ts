import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { inputReader } from '../../src/action/inputs.ts';
import { localHost } from '../../src/host/local-host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { leaseSeats, readLeaseScope, type LeaseScope } from '../../src/state/lease-scope.ts';
import { withLease } from '../../src/state/lease-step.ts';
import { fakeRunner } from '../../src/testing/fake-runner.ts';
import { milliseconds } from '../../src/time/duration.ts';

const read = (text: string, env: Readonly<Record<string, string>> = {}): LeaseScope =>
  readLeaseScope(inputReader(fakeRunner({ 'lease-scope': text }, env)));

describe('the input lease-scope', () => {
  it('is the project where nothing is said, and the job’s environment comes second', () => {
    expect(read('')).toEqual({ kind: 'project' });
    expect(read('', { DEPLOY_LEASE_SCOPE: 'host:/srv/deploys/' })).toEqual({ kind: 'host', folder: '/srv/deploys' });
    expect(read('project', { DEPLOY_LEASE_SCOPE: 'host:/srv/deploys' })).toEqual({ kind: 'project' });
  });

  it.each(['host', 'host:', 'host:relative', 'server', 'host:/srv/../etc', 'host:/etc', 'host:/srv/a/.deploy'])(
    'refuses %s, naming the input',
    (text) => {
      expect(() => read(text)).toThrow('`lease-scope`');
    },
  );

  it('takes the server’s lease first, and one alone where both are the same folder', () => {
    const own = parseDeployPath('/srv/shop');
    const scope = read('host:/srv/deploys');
    expect(leaseSeats(scope, own).map(({ folder }) => folder)).toEqual(['/srv/deploys', '/srv/shop']);
    expect(leaseSeats(read('host:/srv/shop'), own)).toEqual([{ folder: '/srv/shop', stateName: 'lease' }]);
  });
});

describe('one lease for the whole server', () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'lease-scope-'));
    for (const name of ['deploys', 'shop/.deploy', 'blog/.deploy']) mkdirSync(join(folder, name), { recursive: true });
  });

  afterEach(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  const isHeld = (project: string): boolean => existsSync(join(folder, project, '.deploy/lease.json'));

  /** A job of a project that holds its leases while the body runs. */
  function hold(project: string, scope: 'project' | 'host', body: () => Promise<void>): Promise<void> {
    const identity = { GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: `acme/${project}`, GITHUB_JOB: 'deploy' };
    const runner = fakeRunner({}, { ...identity, RUNNER_TRACKING_ID: project });
    const context = { runner, signal: new AbortController().signal };
    const path = parseDeployPath(join(folder, project));
    const wish = {
      waitMs: milliseconds(0),
      scope: scope === 'project' ? read('project') : read(`host:${join(folder, 'deploys')}`),
    };
    return withLease(context, localHost(), path, wish, body);
  }

  it('keeps another project’s deploy away, names its run, and leaves that project’s own lease free', async () => {
    await hold('shop', 'host', async () => {
      expect(isHeld('shop')).toBe(true);
      await expect(hold('blog', 'host', () => Promise.resolve())).rejects.toMatchObject({
        code: 'LOCKED',
        message: expect.stringContaining('acme/shop/actions/runs/7') as string,
      });
      expect(isHeld('blog')).toBe(false);
      // Who does not ask for it is not kept away.
      await hold('blog', 'project', () => Promise.resolve());
    });
  });

  it('is let go where the project’s own lease cannot be had', async () => {
    await hold('blog', 'project', () => Promise.resolve());
    const other = JSON.parse(readFileSync(join(folder, 'blog/.deploy/lease.json'), 'utf8')) as {
      readonly owner: { readonly id: string };
    };
    expect(other.owner.id).toContain('acme/blog');
    const stranger = fakeRunner({}, { GITHUB_RUN_ID: '8', GITHUB_REPOSITORY: 'acme/other', GITHUB_JOB: 'deploy' });
    const wish = { waitMs: milliseconds(0), scope: read(`host:${join(folder, 'deploys')}`) };
    const context = { runner: stranger, signal: new AbortController().signal };
    const path = parseDeployPath(join(folder, 'blog'));
    await expect(withLease(context, localHost(), path, wish, () => Promise.resolve())).rejects.toMatchObject({
      code: 'LOCKED',
    });
    expect(isHeld('deploys')).toBe(false);
  });

  it('names the input where its folder is not there', async () => {
    rmSync(join(folder, 'deploys'), { recursive: true });
    await expect(hold('shop', 'host', () => Promise.resolve())).rejects.toMatchObject({
      code: 'DEPLOY_PATH_UNUSABLE',
      message: expect.stringContaining('`lease-scope`') as string,
    });
    expect(isHeld('shop')).toBe(false);
  });
});
