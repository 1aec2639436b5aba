import { describe, expect, it } from 'vitest';
import { assessDisks, estimatePull, type PullNeed } from '@deploy-actions/kit/plan/disk-space';
import type { DiskFacts } from '@deploy-actions/kit/plan/server-facts';
import { container } from '../builders.ts';
import { facts, servicePlan } from './facts.ts';

const disk = (role: DiskFacts['role'], free: number, freeFiles?: number): DiskFacts => ({
  role,
  path: '/var/lib/docker',
  free,
  freeFiles,
});
const one: PullNeed = { missing: ['a'], known: 400e6 };

function levelOf(need: PullNeed, free: number, freeFiles?: number): string | undefined {
  return assessDisks(need, facts({ disks: [disk('images', free, freeFiles)] }), true)[0]?.level;
}

describe('what a pull needs', () => {
  it('is taken for as large as the image of the containers that run', () => {
    const before = [container('backend-old', 'backend', { imageId: 'sha256:1' })];
    const server = facts({ images: { 'sha256:1': 400e6 } });
    expect(estimatePull([servicePlan('backend')], before, new Map(), server)).toEqual({
      missing: ['registry.example/backend@sha256:new'],
      known: 400e6,
    });
  });

  it('is counted once for services that share an image', () => {
    const plans = [servicePlan('web', { image: 'x' }), servicePlan('worker', { image: 'x' })];
    expect(estimatePull(plans, [], new Map(), facts()).missing).toEqual(['x']);
  });

  it('is nothing for what the server has, and for what goes', () => {
    const image = { id: 'sha256:2', repoDigests: [], platform: 'linux/amd64', hasHealthcheck: false };
    const stored = new Map([['registry.example/backend@sha256:new', image]]);
    const plans = [servicePlan('backend'), servicePlan('gone', { action: 'remove' })];
    expect(estimatePull(plans, [], stored, facts()).missing).toEqual([]);
  });
});

describe('disk space', () => {
  it.each([
    ['plenty', 900e6, 1e6, 'info'],
    ['less than half as much again', 700e6, 1e6, 'warning'],
    ['less than the present image', 500e6, 1e6, 'refusal'],
    ['few files', 900e6, 50_000, 'warning'],
    ['hardly a file', 900e6, 100, 'refusal'],
    ['no fixed number of files', 900e6, undefined, 'info'],
  ])('with %s free for a pull is: %#', (_what, free, freeFiles, level) => {
    expect(levelOf(one, free, freeFiles)).toBe(level);
  });

  it('is no matter when nothing is pulled', () => {
    expect(levelOf({ missing: [], known: 0 }, 0)).toBeUndefined();
  });

  it('is refused where not even the journal has room, with or without a pull', () => {
    const full = facts({ disks: [disk('deploy-path', 1e6)] });
    expect(assessDisks({ missing: [], known: 0 }, full, true)[0]).toMatchObject({ code: 'NO_SPACE' });
  });

  it('is only a warning when the user says so', () => {
    const full = facts({ disks: [disk('images', 1e6)] });
    expect(assessDisks(one, full, false)[0]).toMatchObject({ level: 'warning' });
  });
});
