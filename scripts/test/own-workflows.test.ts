import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { findReleaseGaps, type ReleaseTraces } from '../own-workflows/release-log.ts';
import { root } from '../workspace.ts';

const assets = ['action-a-v1.2.3.cdx.json', 'action-a-v1.2.3.tar.gz'];
const complete: ReleaseTraces = {
  actions: ['action-a'],
  tags: ['action-a/v1', 'action-a/v1.2', 'action-a/v1.2.3', 'v1', 'v1.0.0'],
  log: [
    ...assets.map((file) => `attest ${file}`),
    `gh release create action-a/v1.2.3 ${assets.map((file) => `.cache/${file}`).join(' ')} --repo a/b --verify-tag`,
    `gh release create v1.0.0 ${assets.map((file) => `.cache/${file}`).join(' ')} --repo a/b --verify-tag`,
  ],
};

describe('what a run of release.yml left behind', () => {
  test('is complete with all tags, a GitHub release on those that never move, and what was attested attached', () => {
    expect(findReleaseGaps(complete)).toEqual([]);
  });

  test.each<[string, Partial<ReleaseTraces>, string]>([
    ['an action without a tag', { actions: ['action-a', 'action-b'] }, 'action-b: no tag'],
    ['no tag of the set', { tags: complete.tags.filter((tag) => tag !== 'v1.0.0') }, 'the set: no tag'],
    ['no moving tag', { tags: complete.tags.filter((tag) => tag !== 'action-a/v1.2') }, 'action-a/v1.2: not there'],
    ['no GitHub release', { log: complete.log.slice(0, -1) }, 'v1.0.0: no GitHub release'],
    ['a GitHub release that moves', { log: [...complete.log, 'gh release create v1 --repo a/b'] }, 'v1: a GitHub'],
    ['a file that is not attested', { log: complete.log.slice(1) }, 'cdx.json is not attested'],
    [
      'a release without its files',
      { log: [...complete.log.slice(0, 2), 'gh release create action-a/v1.2.3 --repo a/b', ...complete.log.slice(3)] },
      'action-a/v1.2.3: its release has no action-a-v1.2.3.tar.gz',
    ],
  ])('is found wanting: %s', (_case, change, gap) => {
    expect(findReleaseGaps({ ...complete, ...change }).join('\n')).toContain(gap);
  });
});

test('every action that the workflows run by act use has something that stands in for it', () => {
  const text = ['ci.yml', 'check-dist.yml', 'version.yml', 'release.yml']
    .map((name) => readFileSync(join(root, '.github/workflows', name), 'utf8'))
    .join('\n');
  const used = [...new Set([...text.matchAll(/uses: ([\w.-]+\/[\w.-]+)@/g)].map(([, name = '']) => name))].sort();
  const standIns = globSync('actions/*', { cwd: join(root, 'scripts/own-workflows/stand-ins') }).sort();
  expect(standIns).toEqual(used);
  for (const name of used)
    expect(existsSync(join(root, 'scripts/own-workflows/stand-ins', name, 'action.yml'))).toBe(true);
});
