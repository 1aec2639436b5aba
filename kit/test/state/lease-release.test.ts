import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { programPart } from '../../src/host/batch.ts';
import type { Host } from '../../src/host/host.ts';
import { localHost } from '../../src/host/local-host.ts';
import { parseDeployPath } from '../../src/state/deploy-path.ts';
import { lookThenRelease, withLease } from '../../src/state/lease-step.ts';
import { fakeRunner, type FakeRunner } from '../../src/testing/fake-runner.ts';
import { milliseconds } from '../../src/time/duration.ts';

const job = { GITHUB_RUN_ID: '7', GITHUB_REPOSITORY: 'acme/shop', GITHUB_JOB: 'deploy', RUNNER_TRACKING_ID: 't' };
const look = programPart('look', ['printf', 'seen']);

let folder: string;
let runner: FakeRunner;
let host: Host;

const lease = (): string => join(folder, '.deploy/lease.json');
const release = (judge: (said: string) => void, isFresh = true): Promise<void> =>
  lookThenRelease({ runner, signal: new AbortController().signal }, host, [look], ([result]) => {
    judge(result?.stdout ?? '');
    return Promise.resolve(isFresh);
  });

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'lease-release-'));
  mkdirSync(join(folder, '.deploy'));
  // A Docker without containers, whatever this machine has.
  writeFileSync(join(folder, 'docker'), '#!/bin/sh\nexit 0\n', { mode: 0o755 });
  runner = fakeRunner({ 'deploy-path': folder }, job);
  const local = localHost();
  const unused = (): never => {
    throw new Error('not what releases a lease');
  };
  host = {
    name: local.name,
    kind: local.kind,
    commandCount: 0,
    exec: unused,
    forward: unused,
    script: (source, args, options) => local.script(`PATH=${folder}:$PATH; ${source}`, args, options),
    close: () => local.close(),
  };
  await withLease(
    { runner, signal: new AbortController().signal },
    host,
    parseDeployPath(folder),
    { waitMs: milliseconds(0), scope: { kind: 'project' } },
    () => Promise.resolve(),
  );
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('the end of a job', () => {
  it('lets go of its lease after the look that came with it', async () => {
    const said: string[] = [];
    expect(existsSync(lease())).toBe(true);
    await release((text) => said.push(text));
    expect(said).toEqual(['seen']);
    expect(existsSync(lease())).toBe(false);
    expect(runner.lines.at(-1)).toBe('info: Lease released.');
  });

  it('leaves a lease that another run has taken since it looked', async () => {
    await release(() => {
      writeFileSync(lease(), `${JSON.stringify({ owner: { id: 'other' }, generation: 9, expires: 1 })}\n`);
    });
    expect(existsSync(lease())).toBe(true);
    expect(runner.lines.at(-1)).toContain('no longer held by this job');
  });

  it('lets go of the lease that settling a deploy has renewed meanwhile', async () => {
    const settle = (): Promise<void> =>
      withLease(
        { runner, signal: new AbortController().signal },
        host,
        parseDeployPath(folder),
        { waitMs: milliseconds(0), scope: { kind: 'project' } },
        () => Promise.resolve(),
      );
    await lookThenRelease({ runner, signal: new AbortController().signal }, host, [look], async () => {
      await settle();
      return false;
    });
    expect(existsSync(lease())).toBe(false);
  });

  it('touches nothing where an earlier step of the job took the lease', async () => {
    runner.saveState('lease', '');
    await release(() => undefined);
    expect(existsSync(lease())).toBe(true);
    expect(runner.lines.at(-1)).toContain('An earlier step of this job');
  });

  it('leaves the lease to what still runs on the server', async () => {
    writeFileSync(join(folder, 'docker'), '#!/bin/sh\necho shop-migrate-1\n', { mode: 0o755 });
    await release(() => undefined);
    expect(existsSync(lease())).toBe(true);
    expect(runner.lines.at(-1)).toContain('shop-migrate-1 still runs');
  });
});
