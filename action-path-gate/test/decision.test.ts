import examples from '@octokit/webhooks-examples' with { type: 'json' };
import { GithubError } from '@deploy-actions/kit/github/error';
import { readFileList } from '@deploy-actions/kit/github/changed-files';
import type { GithubClient } from '@deploy-actions/kit/github/client';
import { fakeRunner } from '@deploy-actions/kit/testing/fake-runner';
import { describe, expect, it } from 'vitest';
import { findChanges, readList } from '../src/change-list.ts';
import { decide, type Changes, type Force } from '../src/decision.ts';
import { readEvent } from '../src/event.ts';
import { loadInputs } from '../src/inputs.ts';
import { renderSummary } from '../src/summary.ts';

const groups = `
marketing:
  - apps/marketing/**
  - '!**/*.md'
docs: |
  # a comment
  apps/docs/**
`;
const load = (more: Readonly<Record<string, string>> = {}) =>
  loadInputs(fakeRunner({ groups, 'always-include': 'package-lock.json', 'on-unknown': 'run', ...more }));

/** The payload of a real event, as GitHub's own examples have it, with changes. */
function payload(name: string, wanted: (example: Record<string, unknown>) => boolean): Record<string, unknown> {
  const found = examples.find((event) => event.name === name)?.examples as
    readonly Record<string, unknown>[] | undefined;
  const example = found?.find(wanted);
  return structuredClone(example ?? expect.unreachable(`no example of ${name}`));
}
const closed = (changes: Readonly<Record<string, unknown>>): Record<string, unknown> => {
  const event = payload('pull_request', ({ action }) => action === 'closed');
  return { ...event, pull_request: { ...(event['pull_request'] as object), ...changes } };
};

describe('loadInputs', () => {
  it('reads lists and texts of patterns, and adds those of all groups', () => {
    const texts = load().groups.map(({ name, patterns }) => [name, patterns.map(({ text }) => text)]);
    expect(texts).toEqual([
      ['marketing', ['apps/marketing/**', '!**/*.md', 'package-lock.json']],
      ['docs', ['apps/docs/**', 'package-lock.json']],
    ]);
  });

  it.each([
    [{ groups: '' }, 'input `groups` is required'],
    [{ groups: '- a' }, 'input `groups`: it is not a YAML map.'],
    [{ groups: '{}' }, 'input `groups`: it has no group.'],
    [{ groups: 'a: [*.md]' }, 'input `groups`: it is not valid YAML'],
    [{ groups: 'a: []' }, 'input `groups`: a has no patterns.'],
    [{ groups: 'a: [1]' }, 'input `groups`: a: a pattern is not a text.'],
    [{ groups: "a: ['!x']" }, 'input `groups`: a has no pattern that puts a file in'],
    [{ groups: 'a: [/x]' }, 'input `groups`: a: the pattern "/x" begins at no name'],
    [{ groups: 'a b: [x]' }, 'input `groups`: "a b" cannot be the name of a group.'],
    [{ groups: 'matched: [x]' }, '"matched" cannot be the name of a group, it is an output already.'],
    [{ force: 'blog' }, 'input `force`: "blog" is not one of: all, marketing, docs.'],
    [{ 'on-unknown': 'open' }, 'input `on-unknown`: "open" is not one of: run, skip, fail'],
  ])('refuses %j in one sentence that names it', (inputs, message) => {
    expect(() => load(inputs)).toThrow(message);
  });
});

describe('readEvent', () => {
  it('finds the number of a merged pull request, and how many files it changes', () => {
    expect(readEvent('pull_request', closed({ merged: true }))).toEqual({
      kind: 'pull-request',
      number: 2,
      announced: 1,
      isFork: false,
    });
  });

  it('knows that there is nothing to deploy of one that was closed without being merged', () => {
    expect(readEvent('pull_request', closed({ merged: false }))).toEqual({
      kind: 'none',
      reason: 'pull request #2 was closed without being merged',
    });
  });

  it('knows a fork, also one that was deleted meanwhile', () => {
    const fork = (repo: unknown) => readEvent('pull_request', closed({ merged: true, head: { repo } }));
    expect(fork({ full_name: 'somebody/Hello-World' })).toMatchObject({ isFork: true });
    expect(fork(null)).toMatchObject({ isFork: true });
  });

  it('finds both ends of a push, and none where there is nothing before it', () => {
    const push = payload('push', ({ deleted, created }) => deleted === false && created === true);
    expect(readEvent('push', push)).toMatchObject({ kind: 'unknown', reason: 'the push made a new branch or tag' });
    const sha = { before: 'a'.repeat(40), after: 'b'.repeat(40), created: false };
    expect(readEvent('push', { ...push, ...sha })).toEqual({ kind: 'commits', base: sha.before, head: sha.after });
    expect(readEvent('push', { ...push, ...sha, forced: true })).toMatchObject({ kind: 'unknown' });
    expect(
      readEvent(
        'push',
        payload('push', ({ deleted }) => deleted === true),
      ),
    ).toMatchObject({ kind: 'none' });
  });

  it.each(['workflow_dispatch', 'schedule', 'release', ''])('takes %s for one without changed files', (name) => {
    expect(readEvent(name, {})).toMatchObject({ kind: 'unknown' });
  });

  it('takes what it cannot read for unknown, so that the gate opens', () => {
    for (const broken of [null, [], 'x', { pull_request: null }]) {
      expect(readEvent('pull_request', broken).kind).toBe('unknown');
      expect(readEvent('push', broken).kind).toBe('unknown');
    }
  });
});

describe('the changed files', () => {
  const entries = (count: number) => Array.from({ length: count }, (_, index) => ({ filename: `f${index}` }));

  it('hold both names of a rename', () => {
    const list = readFileList([{ filename: 'new.md', previous_filename: 'apps/docs/old.md' }], 3000);
    expect(readList(list, 1)).toEqual({ kind: 'known', paths: ['new.md', 'apps/docs/old.md'] });
  });

  it('are not all known where GitHub stops listing, or lists fewer than it announced', () => {
    expect(readList(readFileList(entries(3000), 3000), 5000)).toMatchObject({ kind: 'incomplete' });
    expect(readList(readFileList(entries(2999), 3000), 2999)).toMatchObject({ kind: 'known' });
    expect(readList(readFileList(entries(2), 3000), 3)).toMatchObject({
      kind: 'incomplete',
      reason: 'GitHub lists 2 of 3 changed files',
    });
    // The announcement has been seen to be too small.
    expect(readList(readFileList(entries(3), 3000), 2)).toMatchObject({ kind: 'known' });
  });

  it('are not known without a token, and where the API fails, which is no error', async () => {
    const source = { kind: 'commits', base: 'a', head: 'b' } as const;
    const { signal } = new AbortController();
    const reason = (client: GithubClient | undefined) => findChanges(source, client, signal);
    expect(await reason(undefined)).toMatchObject({ reason: 'there is no `github-token` to ask GitHub with' });
    const refusal = new GithubError({
      code: 'GITHUB_FORBIDDEN',
      message: 'GitHub: 403.',
      hint: 'Add `contents: read`.',
    });
    const failing = { listComparedFiles: () => Promise.reject(refusal) } as unknown as GithubClient;
    expect(await reason(failing)).toMatchObject({ kind: 'incomplete', reason: 'GitHub: 403. Add `contents: read`.' });
  });
});

describe('decide', () => {
  const known = (...paths: readonly string[]): Changes => ({ kind: 'known', paths });
  const runs = (changes: Changes, force: Force = [], onUnknown: 'run' | 'skip' = 'run'): readonly string[] =>
    decide(load().groups, changes, force, onUnknown)
      .filter(({ isChanged }) => isChanged)
      .map(({ name }) => name);
  const unknown = { kind: 'incomplete', reason: 'GitHub is down', paths: [], isManual: false } as const;

  it('runs the groups whose files changed', () => {
    expect(runs(known('apps/marketing/index.html'))).toEqual(['marketing']);
    expect(runs(known('apps/marketing/README.md', 'apps/docs/README.md'))).toEqual(['docs']);
    expect(runs(known('package-lock.json'))).toEqual(['marketing', 'docs']);
    expect(runs(known('LICENSE'))).toEqual([]);
  });

  it('opens when the changed files are not known, unless that is not wanted', () => {
    expect(runs(unknown)).toEqual(['marketing', 'docs']);
    expect(runs(unknown, [], 'skip')).toEqual([]);
    expect(runs({ ...unknown, paths: ['apps/docs/a'] }, [], 'skip')).toEqual(['docs']);
  });

  it('runs on a start by hand what was asked for, and everything when nothing was', () => {
    const manual = { ...unknown, isManual: true };
    expect(runs(manual, ['docs'])).toEqual(['docs']);
    expect(runs(manual)).toEqual(['marketing', 'docs']);
    expect(runs(manual, 'all')).toEqual(['marketing', 'docs']);
  });

  it('forces a group besides those that changed', () => {
    expect(runs(known('apps/marketing/a'), ['docs'])).toEqual(['marketing', 'docs']);
    expect(runs({ kind: 'none', reason: 'not merged' })).toEqual([]);
  });

  it('says why, in the summary too, whatever the files are called', () => {
    const changes = known('apps/docs/a|b`c', ...Array.from({ length: 9 }, (_, index) => `apps/docs/${index}`));
    const summary = renderSummary(decide(load().groups, changes, [], 'run'), changes);
    expect(summary).toContain('| marketing | ➖ does not | no changed file |  |');
    expect(summary).toContain(
      '| docs | ✅ runs | 10 changed files | ``  apps/docs/a\\|b`c  ``'
        .replaceAll('``  ', '`` ')
        .replaceAll('  ``', ' ``'),
    );
    expect(summary).toContain('and 5 more');
  });
});
