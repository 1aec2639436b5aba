import type { Announcement } from '../src/announcement.ts';
import { noMentions, type Mentions } from '../src/mentions.ts';

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
    'github-deployment': 'false',
    'slack-api-url': 'https://slack.com/api/',
    'telegram-api-url': 'https://api.telegram.org',
    thread: 'false',
    record: 'true',
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
    release: undefined,
    message: undefined,
    url: 'https://shop.example.com/',
    outcome: 'deployed',
    failedChecks: [],
    migration: 'applied',
    backup: '/srv/shop/.deploy/backups/12.dump',
    changedServices: ['api', 'web'],
    durationMs: 93_400,
    images: [
      { name: 'api', from: before, to: after },
      { name: 'worker', from: after, to: after },
    ],
    deployedBy: 'ada',
    approvedBy: ['bob', 'eve'],
    repository: 'acme/shop',
    runUrl: 'https://github.com/acme/shop/actions/runs/77/attempts/2',
    fields: [{ name: 'Reason', value: 'release' }],
    mentions: noMentions,
    at: new Date('2026-01-02T03:04:05Z'),
    ...overrides,
  };
}

/** Somebody of every service is called. */
export const everybody: Mentions = {
  slack: [
    { kind: 'user', id: 'U012AB3CD' },
    { kind: 'group', id: 'S0614TZR7' },
  ],
  discord: [
    { kind: 'user', id: '123456789012345678' },
    { kind: 'group', id: '876543210987654321' },
  ],
  teams: [{ kind: 'user', id: 'ada@example.com' }],
  telegram: [{ kind: 'user', id: '4242' }],
};
