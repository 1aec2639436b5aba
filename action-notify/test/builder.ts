import type { Announcement } from '../src/announcement.ts';

/** The defaults of action.yml as a runner hands them over, with overrides. */
export function notifyInputs(overrides: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    status: 'success',
    'notify-on': 'all',
    'on-missing': 'skip',
    'on-error': 'warn',
    deadline: '20s',
    'dry-run': 'false',
    summary: 'true',
    'include-approvals': 'auto',
    'github-deployment': 'none',
    ...overrides,
  };
}

export const before = 'ghcr.io/acme/api@sha256:1111111111111111111111111111111111111111111111111111111111111111';
export const after = 'ghcr.io/acme/api@sha256:2222222222222222222222222222222222222222222222222222222222222222';

/** A whole announcement, with overrides. */
export function announcement(overrides: Partial<Announcement> = {}): Announcement {
  return {
    status: 'success',
    title: 'shop',
    environment: 'prod',
    version: 'v1.16.0',
    commit: {
      sha: '94e9cbb0aaaabbbbccccddddeeeeffff00001111',
      url: 'https://github.com/acme/shop/commit/94e9cbb0aaaabbbbccccddddeeeeffff00001111',
    },
    url: 'https://shop.example.com/',
    outcome: 'deployed',
    migration: 'applied',
    images: [
      { name: 'api', from: before, to: after },
      { name: 'worker', from: after, to: after },
    ],
    deployedBy: 'ada',
    approvedBy: ['bob', 'eve'],
    repository: 'acme/shop',
    runUrl: 'https://github.com/acme/shop/actions/runs/77/attempts/2',
    fields: [{ name: 'Reason', value: 'release' }],
    at: new Date('2026-01-02T03:04:05Z'),
    ...overrides,
  };
}
