import type { Exception } from './finding.ts';

/** What the linters say and we leave as it is. One that no longer covers anything fails the lint. */
export const exceptions: readonly Exception[] = [
  {
    tool: 'actionlint',
    rule: 'runner-label',
    file: 'docs/guides/self-hosted-runners.md',
    reason: 'The label is one that readers give to a runner of their own.',
  },
  {
    tool: 'zizmor',
    rule: 'secrets-inherit',
    reason:
      'An environment’s secrets reach a called workflow in no other way; the document says so, and how to pin it.',
  },
];
